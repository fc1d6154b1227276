import { decodeJson } from "../../spec/decode.ts";
import { RegistryErrors } from "../../spec/registry.ts";
import { AircrateError } from "../error.ts";
import { type Answer, readBody } from "../http/answer.ts";
import { tried } from "../http/errors.ts";
import { readRetryAfter } from "../http/retry.ts";
import { forbidden } from "./authorization.ts";

const MAX_ERROR_BODY = 64 * 1024;

/** Words an answer that is no content, with what the registry says itself, and without what was sent to it. */
export async function answerError(
  answer: Answer,
  request: { host: string; where: string; authorization: string | undefined },
): Promise<AircrateError> {
  const { host, where } = request;
  // Cut last: half a secret would not be known again.
  const said = withoutSecrets(await registryMessage(answer, where), request.authorization).slice(0, 300);
  const reason = tried(`${host} answers ${answer.status}${said === "" ? "" : `: ${said}`}`, answer.tries);
  const retryAfter = readRetryAfter(answer.headers["retry-after"], answer.headers.date);
  if (retryAfter !== undefined) reason.push(`it asks to wait ${Math.ceil(retryAfter / 1000)} s`);
  switch (answer.status) {
    case 401:
    case 403:
      return forbidden(request, reason);
    case 404:
      return new AircrateError("unreachable", "there is no such image", {
        where,
        reason,
        hint: "check the repository and the tag",
      });
    case 429:
      return new AircrateError("unreachable", "the registry asks to come back later", {
        where,
        reason,
        hint: [
          "wait, or have it waited for with --retry-max-wait SECONDS",
          "log in for a higher limit, or give a mirror with --mirror REGISTRY=HOST",
        ],
      });
    default:
      return new AircrateError("unreachable", "the registry does not deliver", { where, reason });
  }
}

async function registryMessage(answer: Answer, where: string): Promise<string> {
  try {
    const { errors } = decodeJson(RegistryErrors, await readBody(answer, MAX_ERROR_BODY, where));
    const text = errors.map(({ code, message }) => message ?? code ?? "").join("; ");
    return text.replace(/[^\x20-\x7e]/g, " ");
  } catch {
    return "";
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
