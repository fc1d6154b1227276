import type { Readable } from "node:stream";
import type { Static, TSchema } from "@sinclair/typebox";
import type { Dispatcher } from "undici";
import { decodeJson } from "../../spec/decode.ts";
import { AircrateError } from "../error.ts";
import { collect } from "../http/answer.ts";
import { faultText } from "../http/errors.ts";
import { createLogin } from "./login.ts";
import { ANSWER_LIMIT, ANSWER_MS } from "./protocol.ts";

/** A request to a device. */
export interface DeviceRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or a stream that is made anew whenever it has to be sent again. */
  readonly body?: string | (() => Readable);
  /** Milliseconds for the whole answer, default {@link ANSWER_MS}; 0 sets no limit. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Never logs in for it: who is asked may be somebody else. */
  readonly anonymous?: boolean;
}

export interface DeviceAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly bytes: Buffer;
}

/** A device that is spoken to over plain http. It has to be closed. */
export interface Device {
  /** HOST[:PORT]. */
  readonly address: string;
  /**
   * Sends one request, once, and reads its answer, whatever its status. Redirects are not followed. When the device asks
   * for a login, it gets one, and the request again.
   *
   * @throws AircrateError unreachable; forbidden when it takes no login; the reason of the signal
   */
  send(path: string, request?: DeviceRequest): Promise<DeviceAnswer>;
  close(): Promise<void>;
}

export interface DeviceOptions {
  readonly userAgent: string;
  /** Gives the device's password. Asked once, when the device wants it. */
  readonly password?: () => Promise<string>;
}

const CONNECTIONS = 4;
const CONNECT_MS = 5000;

/** @param address as `parseDeviceAddress` gives it; nothing is sent yet */
export async function openDevice(address: string, { userAgent, password }: DeviceOptions): Promise<Device> {
  const [{ default: Pool }, { default: api }] = await Promise.all([
    import("undici/lib/dispatcher/pool.js"),
    import("undici/lib/api/index.js"),
  ]);
  const url = new URL(`http://${address}`);
  const pool = new Pool(url.origin, { connections: CONNECTIONS, headersTimeout: 0, connect: { timeout: CONNECT_MS } });
  const login = createLogin({ address, send: sendOnce, ...(password && { password }) });

  return {
    address,
    async send(path, request = {}) {
      if (request.anonymous === true) return sendOnce(path, request);
      const before = login.headers();
      const answer = await sendOnce(path, { ...request, headers: { ...request.headers, ...before } });
      if (answer.status !== 401) return answer;
      const headers = await login.renew(before);
      const again = await sendOnce(path, { ...request, headers: { ...request.headers, ...headers } });
      if (again.status === 401) throw login.refused();
      return again;
    },
    close: () => pool.destroy(),
  };

  async function sendOnce(path: string, request: DeviceRequest): Promise<DeviceAnswer> {
    const { method = "GET", headers, body, timeout = ANSWER_MS, signal } = request;
    const late = new AbortController();
    const timer = timeout > 0 ? setTimeout(() => late.abort(silent(timeout)), timeout) : undefined;
    const limit = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    try {
      const {
        statusCode,
        headers: received,
        body: content,
      } = await api.request.call(pool, {
        path,
        method,
        headers: { ...headers, "user-agent": userAgent },
        ...(body !== undefined && { body: typeof body === "string" ? body : body() }),
        signal: limit,
      });
      const answer = { status: statusCode, headers: received, body: content, url };
      return { status: statusCode, headers: received, bytes: await collect(answer, ANSWER_LIMIT, address) };
    } catch (error) {
      signal?.throwIfAborted();
      late.signal.throwIfAborted();
      throw deviceFault(error, address);
    } finally {
      clearTimeout(timer);
    }
  }

  function silent(timeout: number): AircrateError {
    return unreachable(address, `no answer within ${timeout / 1000} s`);
  }
}

/** Words a request to a device that failed. Faults of the program stay what they are. */
function deviceFault(error: unknown, address: string): unknown {
  if (error instanceof AircrateError) return error;
  const known = error instanceof Error && ("code" in error || error.name === "HTTPParserError");
  return known ? unreachable(address, faultText(error), error) : error;
}

export function unreachable(address: string, reason: string, cause?: unknown): AircrateError {
  return new AircrateError("unreachable", "the device does not answer", {
    where: address,
    reason,
    hint: FIND_HINT,
    cause,
  });
}

export const FIND_HINT =
  "switch it on and connect it, by USB for example, or name its address with --device or AUTERION_DEVICE_ADDRESS";

/**
 * Decodes the answer to a request.
 *
 * @param what the request, for the error
 * @throws AircrateError device: it is not of that form
 */
export function readAnswer<S extends TSchema>(
  schema: S,
  { bytes }: Pick<DeviceAnswer, "bytes">,
  { address, what }: { address: string; what: string },
): Static<S> {
  try {
    return decodeJson(schema, bytes);
  } catch (error) {
    throw new AircrateError("device", `its answer to ${what} is not understood`, {
      where: address,
      reason: (error as Error).message,
      hint: "check that this is the address of an AuterionOS device",
      cause: error,
    });
  }
}
