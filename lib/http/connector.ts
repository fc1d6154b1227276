import type { Socket } from "node:net";
import type { buildConnector } from "undici";
import { faultCode } from "./errors.ts";

export interface ConnectorOptions {
  /** Gives a connection to the server through a proxy, which TLS is then spoken on. */
  readonly tunnel?: () => Promise<Socket>;
  /** Told of every connection that was made. */
  readonly onSocket: (socket: Socket) => void;
}

/**
 * Makes connections to one server. They speak HTTP/1.1, and HTTP/2 only when the server refuses that: of undici 7,
 * HTTP/2 is not faster with several blobs at once, lets a stream have no more than 256 kB under way, breaks the download
 * that runs when a server says its orderly good-bye (GOAWAY), and takes a stream that was cancelled for a whole answer.
 */
export function createConnector(
  build: typeof buildConnector,
  options: buildConnector.BuildOptions,
  { tunnel, onSocket }: ConnectorOptions,
): buildConnector.connector {
  const http1 = build({ ...options, allowH2: false });
  const http2 = build({ ...options, allowH2: true });
  let connect = http1;

  return (target, callback) => {
    dial(target).then(
      (socket) => {
        onSocket(socket);
        callback(null, socket);
      },
      (error: Error) => callback(error, null),
    );
  };

  async function dial(target: buildConnector.Options): Promise<Socket> {
    const used = connect;
    try {
      return await dialWith(used, target);
    } catch (error) {
      if (used === http2 || faultCode(error) !== "ALERT_NO_APPLICATION_PROTOCOL") throw error;
      connect = http2;
      return dialWith(http2, target);
    }
  }

  async function dialWith(
    connector: buildConnector.connector,
    // It is the name in the Host header, which is not that of a proxy.
    { servername: _, ...target }: buildConnector.Options,
  ): Promise<Socket> {
    const httpSocket = await tunnel?.();
    const to = httpSocket === undefined ? target : { ...target, httpSocket };
    return new Promise((resolve, reject) => {
      connector(to, (error, socket) => (error === null ? resolve(socket) : reject(error)));
    });
  }
}
