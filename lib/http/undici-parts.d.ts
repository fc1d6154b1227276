/**
 * The parts of undici that are loaded by themselves: its index also evaluates fetch, WebSocket, cookies, caches and
 * mocks, which takes three quarters of its loading time and longer than a whole small build. They have no types of their
 * own; these are the ones that the index gives them.
 */
declare module "undici/lib/dispatcher/pool.js" {
  import { Pool } from "undici";
  export default Pool;
}

declare module "undici/lib/core/connect.js" {
  import { buildConnector } from "undici";
  export default buildConnector;
}

declare module "undici/lib/core/symbols.js" {
  const symbols: { readonly kParser: symbol };
  export default symbols;
}

declare module "undici/lib/api/index.js" {
  import type { Dispatcher } from "undici";

  const api: {
    request(this: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
    /** CONNECT (RFC 9110, section 9.3.6); `origin` is the dispatcher's own. */
    connect(this: Dispatcher, options: Omit<Dispatcher.ConnectOptions, "origin">): Promise<Dispatcher.ConnectData>;
  };
  export default api;
}
