import { AircrateError } from "../error.ts";
import type { DeviceAnswer, DeviceRequest } from "./connection.ts";
import { CSRF_COOKIE, CSRF_HEADER, SYSINFO } from "./protocol.ts";

type Headers = Readonly<Record<string, string>>;

/** The login to one device. What it gives goes to that device and nowhere else. */
export interface Login {
  /** Headers of the login that there is: the same object until there is another one. */
  headers(): Headers;
  /**
   * Logs in. Requests that were refused together log in once.
   *
   * @param refused headers that the device did not take
   * @throws AircrateError forbidden when there is no password or it is not taken, device when the login fails
   */
  renew(refused: Headers): Promise<Headers>;
  /** The error for a login that was taken and does not help. */
  refused(): AircrateError;
}

interface LoginOptions {
  readonly address: string;
  readonly send: (path: string, request: DeviceRequest) => Promise<DeviceAnswer>;
  readonly password?: () => Promise<string>;
}

/** Answers to a login with a wrong password, or with one of a form that cannot be right. */
const NOT_TAKEN: readonly number[] = [400, 401, 403, 422];

export function createLogin({ address, send, password }: LoginOptions): Login {
  let headers: Headers = {};
  let known: Promise<string> | undefined;
  let running: Promise<Headers> | undefined;
  const refused = (what: string, hint: string) => new AircrateError("forbidden", what, { where: address, hint });

  return {
    headers: () => headers,
    renew(tried) {
      if (tried !== headers) return Promise.resolve(headers);
      running ??= logIn().finally(() => {
        running = undefined;
      });
      return running;
    },
    refused: () => refused("the device refuses the request in spite of the login", "check what this login may do"),
  };

  async function logIn(): Promise<Headers> {
    if (password === undefined) throw refused("the device asks for a password", "pipe it in with --password-stdin");
    known ??= password();
    const answer = await send(`${SYSINFO}/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ password: await known }),
    });
    const { status } = answer;
    if (NOT_TAKEN.includes(status)) throw refused("the device does not take this password", "check the password");
    if (status < 200 || status >= 300) {
      throw new AircrateError("device", "the login to the device fails", {
        where: address,
        reason: `it answers ${status}`,
      });
    }
    headers = sessionHeaders(answer.headers["set-cookie"]);
    return headers;
  }
}

/** A name and a value as RFC 6265, section 4.1.1, allows them: nothing that could end a header or a cookie. */
const COOKIE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=("?[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"?)$/;

/** All cookies of the login, and its token against forged requests in a header of its own. */
function sessionHeaders(setCookie: string | string[] | undefined): Headers {
  const cookies = new Map<string, string>();
  for (const line of [setCookie ?? []].flat()) {
    const [, name, value] = COOKIE.exec(line.split(";")[0]!.trim()) ?? [];
    if (name !== undefined && value !== undefined) cookies.set(name, value);
  }
  const token = cookies.get(CSRF_COOKIE);
  return {
    ...(cookies.size > 0 && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
    ...(token !== undefined && { [CSRF_HEADER]: token }),
  };
}
