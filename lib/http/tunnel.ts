import type { Socket } from "node:net";
import type { Dispatcher } from "undici";
import { ProxyFault } from "./errors.ts";
import type { ProxyServer } from "./proxy.ts";

type Connect = (request: Omit<Dispatcher.ConnectOptions, "origin">) => Promise<Dispatcher.ConnectData>;

/** Has a proxy make a connection to the server of `url` (CONNECT: RFC 9110, section 9.3.6). @throws ProxyFault */
export async function openTunnel(connect: Connect, url: URL, { origin, headers }: ProxyServer): Promise<Socket> {
  const server = `${url.hostname}:${url.port || "443"}`;
  let answer: Dispatcher.ConnectData;
  try {
    answer = await connect({ path: server, headers: { host: server, ...headers } });
  } catch (cause) {
    throw new ProxyFault(origin.host, { cause });
  }
  const { statusCode: status, socket } = answer;
  if (status >= 200 && status <= 299) return socket as Socket;
  socket.on("error", () => {}).destroy();
  throw new ProxyFault(origin.host, { status });
}
