/** A user name with a password, or with an access token in its place. */
export interface UserCredentials {
  readonly user: string;
  readonly password: string;
}

/** A refresh token of the registry's token service (OAuth2, RFC 6749, section 1.5): Docker calls it identity token. */
export interface TokenCredentials {
  readonly identityToken: string;
}

export type Credentials = UserCredentials | TokenCredentials;

/** Finds credentials for a repository of a registry host, or undefined when there are none. */
export type FindCredentials = (host: string, repository: string) => Promise<Credentials | undefined>;

/** What the search for credentials depends on; a program fills it from its environment. */
export interface CredentialPlaces {
  readonly home: string | undefined;
  readonly dockerConfig: string | undefined;
  readonly registryAuthFile: string | undefined;
  readonly runtimeDir: string | undefined;
  readonly configHome: string | undefined;
  /** Number of the user where Podman has a folder for those without a `runtimeDir`, that is on Linux. */
  readonly uid: number | undefined;
  /** Environment of credential helpers; its `PATH` is where they are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
