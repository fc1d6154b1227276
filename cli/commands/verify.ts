import { type Command, REPEATED } from "../command.ts";

export interface VerifyArguments {
  file: string;
  with: string[];
}

export const verifyCommand: Command<VerifyArguments> = {
  command: "verify <file>",
  describe: "Prove that a file is whole and right",
  builder: (yargs) =>
    yargs
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: ".auterionos file, docker-archive or OCI image layout, of any origin",
      })
      .options({
        with: { ...REPEATED, describe: "File that the device has: proves the layers that a thin file leaves out" },
      }),
  action: () => import("../actions/verify.ts"),
};
