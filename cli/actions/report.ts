import { readContents } from "../../lib/contents/contents.ts";
import { findingLine } from "../../lib/error.ts";
import { createWarnings, joinListeners } from "../../lib/events.ts";
import { pageData } from "../../lib/page/data.ts";
import { renderPage } from "../../lib/page/render.ts";
import { pageName, writePage } from "../../lib/page/write.ts";
import type { ReportArguments } from "../commands/report.ts";
import { contentsOptions } from "../contents-options.ts";
import { stdoutWriter } from "../stdout.ts";
import { bytes, counted, print, printJson, warn } from "../ui/text.ts";
import { watched } from "../watched.ts";

export async function run(args: ReportArguments): Promise<void> {
  const passedOver = createWarnings();
  const toStdout =
    args.output === "-" && !args.json ? stdoutWriter("a page", "aircrate report FILE -o - | gzip > FILE") : undefined;
  const options = await contentsOptions(args, process.env);
  const data = pageData(
    await watched(args, ({ signal, onEvent }) =>
      readContents(args.package, { ...options, signal, onEvent: joinListeners(passedOver.event, onEvent) }),
    ),
  );
  if (args.json) printJson(data);
  else if (toStdout !== undefined) await toStdout(Buffer.from(await renderPage(data)));
  else {
    const file = args.output ?? pageName(args.package, data.kind);
    const size = await writePage(file, data);
    if (!args.quiet) print(`${file}  ${bytes(size)}, ${counted(data.totals.files, "file")}\n`);
  }
  for (const warning of [...passedOver.list(), ...data.faults.map(findingLine)]) warn(warning);
}
