/** Documents that registries and token services answer with, and the files that hold credentials for them. */
import { type Static, Type } from "@sinclair/typebox";

/** distribution-spec, "Error Codes". */
export const RegistryErrors = Type.Object({
  errors: Type.Array(Type.Object({ code: Type.Optional(Type.String()), message: Type.Optional(Type.String()) }), {
    maxItems: 100,
  }),
});
export type RegistryErrors = Static<typeof RegistryErrors>;

/**
 * Token service (distribution docs, "Token Authentication Specification" and "OAuth2 Token Authentication"); some name
 * the token as OAuth2 does.
 */
export const TokenAnswer = Type.Object({
  token: Type.Optional(Type.String({ minLength: 1 })),
  access_token: Type.Optional(Type.String({ minLength: 1 })),
  /** Seconds; 60 when absent. */
  expires_in: Type.Optional(Type.Number()),
  /** RFC 3339; the time of the answer when absent. */
  issued_at: Type.Optional(Type.String()),
  /** Gets more tokens without the password; only for those who asked for it. */
  refresh_token: Type.Optional(Type.String()),
});
export type TokenAnswer = Static<typeof TokenAnswer>;

/** One entry of `auths`; empty when a helper keeps what belongs into it. */
export const AuthEntry = Type.Object({
  /** base64 of `user:password`. */
  auth: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  /** OAuth2 refresh token, in the spelling of Docker's file and in that of its API. */
  identitytoken: Type.Optional(Type.String()),
  identityToken: Type.Optional(Type.String()),
});
export type AuthEntry = Static<typeof AuthEntry>;

/** Docker's `config.json` and Podman's `auth.json` (containers-auth.json(5)), as far as they are about credentials. */
export const AuthFile = Type.Object({
  /** By host, by an address of it, or by host and the first parts of a repository. */
  auths: Type.Optional(Type.Record(Type.String(), AuthEntry)),
  /** Names of credential helpers by host; an empty name is none. */
  credHelpers: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** Name of the credential helper for all other hosts. */
  credsStore: Type.Optional(Type.String()),
});
export type AuthFile = Static<typeof AuthFile>;

/** What a credential helper answers to `get` and reads for `store` (docker-credential-helpers, "Development"). */
export const HelperCredentials = Type.Object({
  ServerURL: Type.Optional(Type.String()),
  /** `<token>` when the secret is an identity token. */
  Username: Type.String(),
  Secret: Type.String(),
});
export type HelperCredentials = Static<typeof HelperCredentials>;
