import type { Digest } from "../digest.ts";
import { excerpt, fault } from "./fault.ts";
import { copyFromOf } from "./graph.ts";
import { textOf } from "./heredoc.ts";
import { parseChmod, parseOwner } from "./owner.ts";
import { addRefusal, refusedError } from "./refuse.ts";
import { remoteKind } from "./remote.ts";
import type { AddInstruction, AddStep, CopyInstruction, CopyStep, InlineFile, Stage } from "./types.ts";
import { expandWord, MAX_VALUES, type WordOptions } from "./words.ts";

/** Substitutes the variables of a COPY and checks its values. @throws AircrateError input */
export function evaluateCopy(copy: CopyInstruction, stage: Stage, options: WordOptions): CopyStep {
  const { where, text, parents } = copy;
  const from = copyFromOf(copy, stage);
  const shared = evaluateTransfer(copy, options);
  const remote = shared.sources.findIndex((source) => remoteKind(source) !== undefined);
  if (remote >= 0) {
    // As it is written: the value of a variable may be a secret.
    throw fault(where, `COPY cannot fetch ${excerpt(copy.sources[remote]!)}`, {
      hint: "ADD --checksum=sha256:... can, for http and https; or download it on the host and COPY the file",
    });
  }
  return { where, text, kind: "copy", parents, ...shared, ...(from !== undefined && { from }) };
}

/** Substitutes the variables of an ADD and checks its values. @throws AircrateError input */
export function evaluateAdd(add: AddInstruction, options: WordOptions): AddStep {
  const { where, text, unpack } = add;
  const shared = evaluateTransfer(add, options);
  const given = expandWord(add.checksum ?? "", options);
  const refusal = addRefusal(add, { sources: shared.sources, checksum: given });
  if (refusal !== undefined) throw refusedError([refusal]);
  const checksum = checkChecksum(given, shared.sources, where);
  return {
    ...{ where, text, kind: "add", ...shared },
    ...(checksum !== undefined && { checksum }),
    ...(unpack !== undefined && { unpack }),
  };
}

/** `--exclude` is taken as it is written, as in BuildKit; everything else is substituted. */
function evaluateTransfer(transfer: CopyInstruction | AddInstruction, options: WordOptions) {
  const { where, link, excludes } = transfer;
  const chown = expandWord(transfer.chown ?? "", options);
  const chmod = expandWord(transfer.chmod ?? "", options);
  return {
    sources: transfer.sources.map((source) => expandWord(source, options)),
    texts: transfer.heredocs.map((heredoc): InlineFile => {
      const content = textOf(heredoc);
      if (!heredoc.expand) return { name: heredoc.name, content };
      // Quotes are text here, and the backslash escapes whatever `# escape=` says.
      const inText: WordOptions = { ...options, escapeChar: "\\", quotes: "plain", maxLength: MAX_VALUES };
      return { name: heredoc.name, content: expandWord(content, inText) };
    }),
    destination: expandWord(transfer.destination, options),
    ...{ link, excludes },
    ...(chown !== "" && { chown: parseOwner(chown, where) }),
    ...(chmod !== "" && { chmod: parseChmod(chmod, where) }),
  };
}

function checkChecksum(checksum: string, sources: readonly string[], where: string): Digest | undefined {
  if (checksum === "") return undefined;
  if (sources.length !== 1) {
    throw fault(where, "ADD --checksum takes one source", { hint: "write an ADD of its own for each URL" });
  }
  if (remoteKind(sources[0]!) === undefined) {
    throw fault(where, "ADD --checksum is for what is fetched, and this source is local", { hint: "leave it out" });
  }
  if (!/^sha256:[0-9a-f]{64}$/.test(checksum)) {
    throw fault(where, `--checksum=${excerpt(checksum)} is not sha256: and 64 lower-case hex digits`, {
      hint: '"curl -fL URL | sha256sum" gives them',
    });
  }
  return checksum;
}
