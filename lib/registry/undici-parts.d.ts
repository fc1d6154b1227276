/**
 * The parts of undici that are loaded by themselves: its index also evaluates fetch, WebSocket, cookies, caches and
 * mocks, which takes three quarters of its loading time and longer than a whole small build. They have no types of their
 * own; these are the ones that the index gives them.
 */
declare module "undici/lib/dispatcher/agent.js" {
  import { Agent } from "undici";
  export default Agent;
}

declare module "undici/lib/api/index.js" {
  import type { Dispatcher } from "undici";

  const api: { request(this: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> };
  export default api;
}
