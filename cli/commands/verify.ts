import { type Command, REPEATED } from "../command.ts";

export interface VerifyArguments {
  file: string;
  with: string[];
  key: string[];
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
        key: { ...REPEATED, alias: "k", describe: "Public key in PEM; one of those given must have signed the file" },
        with: { ...REPEATED, describe: "File that the device has: proves the layers that a thin file leaves out" },
      }),
  action: () => import("../actions/verify.ts"),
};
