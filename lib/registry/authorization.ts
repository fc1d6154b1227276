import type { UserCredentials } from "../credentials/credentials.ts";
import { AircrateError } from "../error.ts";

export interface AuthRequest {
  /** The registry that asks, as the user knows it: host and port. */
  readonly host: string;
  /** Whether the registry itself is spoken to without TLS. */
  readonly plain: boolean;
  /** What is to be pulled or pushed; undefined for access to the registry as such. */
  readonly repository?: string;
  /** Whether something is to be written there. */
  readonly push?: boolean;
  /** Another repository, from which a blob is to be mounted. */
  readonly mountFrom?: string;
  readonly where: string;
  /** Asks for an identity token, too, which can stand in for the password from then on. */
  readonly offline?: boolean;
}

/** An answer to a challenge. */
export interface Authorization {
  /** Value of the `Authorization` header. */
  readonly header: string;
  /** When to get another one, on the clock of `performance.now()`. */
  readonly renewAt: number;
  /** When it was asked for, and the token service gives such tokens. */
  readonly identityToken?: string;
}

/** Value of an `Authorization` header (RFC 7617). */
export function basic({ user, password }: UserCredentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
}

export function forbidden(
  { host, where, push = false }: Pick<AuthRequest, "host" | "where" | "push">,
  reason: string | readonly string[],
): AircrateError {
  return new AircrateError("forbidden", `${host} does not allow it`, {
    where,
    reason,
    hint: [
      push
        ? "check that the repository is yours to push to; some registries want it created first"
        : "check the reference: registries answer the same for what does not exist and for what you may not see",
      `log in with "aircrate login ${host}", or put credentials for it into ~/.docker/config.json or REGISTRY_AUTH_FILE`,
    ],
  });
}
