import { AircrateError, type Fault } from "../error.ts";
import type { Answer } from "../http/answer.ts";
import { type AnsweredRequest, readRefusal, tooMany } from "./answer-error.ts";
import { forbidden } from "./authorization.ts";

/** Words an answer by which a registry does not take what was pushed (distribution-spec, "Error Codes"). */
export async function pushError(answer: Answer, request: AnsweredRequest): Promise<AircrateError> {
  const { where } = request;
  const { reason, codes } = await readRefusal(answer, request);
  const error = (fault: Fault, what: string, hint: string | readonly string[]) =>
    new AircrateError(fault, what, { where, reason, hint });
  if (codes.includes("DIGEST_INVALID")) {
    return error(
      "integrity",
      "what arrived there does not have its digest",
      "push it again, perhaps on another network",
    );
  }
  // Before the words about room: a limit of requests is a quota, too.
  if (answer.status === 429) return tooMany({ where, reason }, "log in for a higher limit");
  // No code stands for it: Harbor answers 412 or 403, others 413 or 507.
  if (answer.status === 507 || /\bquota\b|storage resource|limit exceeded/i.test(reason.join())) {
    return error("forbidden", "the registry has no room for it", "remove images there, or have its quota raised");
  }
  switch (answer.status) {
    case 401:
    case 403:
      return forbidden(request, reason);
    case 404:
      return error(
        "unreachable",
        "there is no such repository",
        "check its name; some registries want it created first",
      );
    case 405:
      return error(
        "forbidden",
        "the registry takes no pushes",
        "it is read-only, or a cache of another registry: push to that one",
      );
    case 413:
      return error(
        "unreachable",
        "the registry, or a proxy before it, does not take requests of this size",
        "have the limit raised: client_max_body_size of nginx, for example",
      );
    default:
      return error("unreachable", "the registry does not take it", []);
  }
}
