import { decodeJson } from "../../spec/decode.ts";
import { RegistryErrors } from "../../spec/registry.ts";
import { AircrateError } from "../error.ts";
import { type Answer, readBody } from "../http/answer.ts";
import { tried } from "../http/errors.ts";
import { readRetryAfter } from "../http/retry.ts";
import { forbidden } from "./authorization.ts";

/** What the error says of an answer of 404. */
export const NO_SUCH_IMAGE = "there is no such image";

const MAX_ERROR_BODY = 64 * 1024;

/** A request as far as the words for its answer need it. */
export interface AnsweredRequest {
  readonly host: string;
  readonly where: string;
  readonly push?: boolean;
  /** Value of the header that was sent. */
  readonly authorization: string | undefined;
}

/** Words an answer that is no content. */
export async function answerError(answer: Answer, request: AnsweredRequest): Promise<AircrateError> {
  const { where } = request;
  const { reason } = await readRefusal(answer, request);
  switch (answer.status) {
    case 401:
    case 403:
      return forbidden(request, reason);
    case 404:
      return new AircrateError("unreachable", NO_SUCH_IMAGE, {
        where,
        reason,
        hint: "check the repository and the tag",
      });
    case 429:
      return tooMany({ where, reason }, "log in for a higher limit, or give a mirror with --mirror REGISTRY=HOST");
    default:
      return new AircrateError("unreachable", "the registry does not deliver", { where, reason });
  }
}

/** The error of whoever is asked to come back later. */
export function tooMany(detail: { where: string; reason: readonly string[] }, orElse: string): AircrateError {
  return new AircrateError("unreachable", "the registry asks to come back later", {
    ...detail,
    hint: ["wait, or have it waited for with --retry-max-wait SECONDS", orElse],
  });
}

/** What a registry says in an answer, one line each, without what was sent to it; and its codes. */
export async function readRefusal(
  answer: Answer,
  { host, where, authorization }: AnsweredRequest,
): Promise<{ readonly reason: string[]; readonly codes: readonly string[] }> {
  const errors = await registryErrors(answer, where);
  const message = errors.map(({ code, message }) => message ?? code ?? "").join("; ");
  // Cut last: half a secret would not be known again.
  const said = withoutSecrets(message.replace(/[^\x20-\x7e]/g, " "), authorization).slice(0, 300);
  const reason = tried(`${host} answers ${answer.status}${said === "" ? "" : `: ${said}`}`, answer.tries);
  const retryAfter = readRetryAfter(answer.headers["retry-after"], answer.headers.date);
  if (retryAfter !== undefined) reason.push(`it asks to wait ${Math.ceil(retryAfter / 1000)} s`);
  return { reason, codes: errors.flatMap(({ code }) => code ?? []) };
}

async function registryErrors(answer: Answer, where: string): Promise<RegistryErrors["errors"]> {
  try {
    return decodeJson(RegistryErrors, await readBody(answer, MAX_ERROR_BODY, where)).errors;
  } catch {
    return [];
  }
}

/** A registry may repeat in an answer what it was sent, and answers are printed. */
function withoutSecrets(text: string, authorization: string | undefined): string {
  if (authorization === undefined) return text;
  const sent = authorization.slice(authorization.indexOf(" ") + 1);
  const plain = authorization.startsWith("Basic ") ? Buffer.from(sent, "base64").toString("utf8") : "";
  const secrets = [sent, plain, plain.slice(plain.indexOf(":") + 1)]
    .flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")])
    .filter((secret) => secret !== "");
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "[hidden]"), text);
}
