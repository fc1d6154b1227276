/** Documents that registries and token services answer with, and the files that hold credentials for them. */
import { type Static, Type } from "@sinclair/typebox";

/** distribution-spec, "Error Codes". */
export const RegistryErrors = Type.Object({
  errors: Type.Array(Type.Object({ code: Type.Optional(Type.String()), message: Type.Optional(Type.String()) }), {
    maxItems: 100,
  }),
});
export type RegistryErrors = Static<typeof RegistryErrors>;

/** Token service (distribution docs, "Token Authentication Specification"); some name the token as OAuth2 does. */
export const TokenAnswer = Type.Object({
  token: Type.Optional(Type.String({ minLength: 1 })),
  access_token: Type.Optional(Type.String({ minLength: 1 })),
  /** Seconds; 60 when absent. */
  expires_in: Type.Optional(Type.Number()),
});
export type TokenAnswer = Static<typeof TokenAnswer>;

/** `auths` of Docker's `config.json` and Podman's `auth.json` (containers-auth.json(5)). */
export const AuthFile = Type.Object({
  auths: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({
        /** base64 of `user:password`. */
        auth: Type.Optional(Type.String()),
        username: Type.Optional(Type.String()),
        password: Type.Optional(Type.String()),
      }),
    ),
  ),
});
export type AuthFile = Static<typeof AuthFile>;
