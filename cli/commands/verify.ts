import type { Command } from "../command.ts";

export interface VerifyArguments {
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
  action: () => import("../actions/verify.ts"),
};
