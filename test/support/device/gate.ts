import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** The login of a device: a session in a cookie, and a token in another that has to come back in a header. */
export interface Gate {
  handles(path: string): boolean;
  lets(request: IncomingMessage): boolean;
  login(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** @param password without one everybody is let in */
export function createGate(password: string | undefined): Gate {
  const sessions = new Map<string, string>();
  return {
    handles: (path) => path === "/api/sysinfo/v1.0/login",
    lets({ headers }) {
      if (password === undefined) return true;
      const session = /(?:^|; )access_token_cookie=([^;]+)/.exec(headers.cookie ?? "")?.[1] ?? "";
      return sessions.has(session) && sessions.get(session) === headers["x-csrf-token"];
    },
    async login(request, response) {
      let text = "";
      for await (const chunk of request) text += chunk;
      if (request.method !== "POST" || JSON.parse(text).password !== password) {
        response.writeHead(401).end();
        return;
      }
      const [session, token] = [randomUUID(), randomUUID()];
      sessions.set(session, token);
      response.writeHead(200, {
        "set-cookie": [`access_token_cookie=${session}; HttpOnly; Path=/`, `csrf_access_token=${token}; Path=/`],
      });
      response.end("{}");
    },
  };
}
