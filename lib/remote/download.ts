import { AircrateError } from "../error.ts";
import { drop, type ServerAnswer } from "../http/answer.ts";
import { networkError, tried } from "../http/errors.ts";
import { createPatience, faultSetback } from "../http/retry.ts";
import { createTransport, type TransportOptions } from "../http/transport.ts";
import type { Store } from "../store/layout.ts";
import { shownAddress } from "./address.ts";
import { type Received, type ReceiveOptions, receive } from "./receive.ts";

export interface Downloads {
  /** @throws AircrateError unreachable, forbidden, integrity (another digest, too large) */
  download(url: URL, options: ReceiveOptions): Promise<Received>;
  close(): Promise<void>;
}

/** Gets remote files from their servers into the store. What breaks off is asked for again. */
export function createDownloads(store: Store, options: TransportOptions): Downloads {
  const transport = createTransport(options);
  const patience = createPatience(options.retry ?? {}, options);
  return {
    async download(url, receiveOptions) {
      const { where } = receiveOptions;
      for (let tries = 1; ; tries += 1) {
        const answer = await transport.send(url, { where, headers: { "accept-encoding": "identity" } });
        if (answer.status !== 200) {
          await drop(answer.body);
          throw statusError(answer, where);
        }
        const offer = {
          chunks: answer.body,
          announced: Number(answer.headers["content-length"] ?? 0),
          from: shownAddress(answer.url),
          hint: "check where it comes from; if it was replaced on purpose, change the checksum",
          drop: () => drop(answer.body),
        };
        try {
          return await receive(store, offer, receiveOptions);
        } catch (error) {
          const setback = faultSetback(error);
          if (setback === undefined || !(await patience(setback, tries, { where, host: answer.url.host }))) {
            throw networkError(error, where, answer.url, tries);
          }
        }
      }
    },
    close: () => transport.close(),
  };
}

function statusError({ status, url, tries }: ServerAnswer, where: string): AircrateError {
  const reason = tried(`${shownAddress(url)} answers ${status}`, tries);
  switch (status) {
    case 401:
    case 403:
      return new AircrateError("forbidden", `${url.host} does not give a file to everybody`, {
        where,
        reason,
        hint: "no credentials are sent for remote files: fetch it on the host, and COPY it",
      });
    case 404:
    case 410:
      return new AircrateError("unreachable", `${url.host} does not have a file`, {
        where,
        reason,
        hint: "check the URL",
      });
    default:
      return new AircrateError("unreachable", `${url.host} does not deliver a file`, { where, reason });
  }
}
