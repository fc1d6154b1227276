import { AircrateError } from "../../lib/error.ts";
import type { Command } from "../command.ts";

interface VerifyArguments {
  file: string;
}

export const verifyCommand: Command<VerifyArguments> = {
  command: "verify <file>",
  describe: "Prove that a file is whole and right",
  builder: (yargs) =>
    yargs.positional("file", {
      type: "string",
      demandOption: true,
      describe: ".auterionos file, docker-archive or OCI image layout, of any origin",
    }),
  run: async (args) => {
    const { verifyFile } = await import("../../lib/verify/verify.ts");
    const { renderVerified } = await import("../ui/inspection.ts");
    const { print, warn } = await import("../ui/text.ts");
    const { problems, warnings, inspection } = await verifyFile(args.file);
    for (const { where, message } of warnings) warn(`${where}: ${message}`);
    if (problems.length > 0) {
      const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
      throw new AircrateError("integrity", `verify found ${count}`, {
        where: args.file,
        reason: problems.map(({ where, message }) => `${where}: ${message}`),
        hint: "do not install the file; build or fetch it again",
      });
    }
    print(renderVerified(inspection));
  },
};
