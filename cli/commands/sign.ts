import type { Command } from "../command.ts";

export interface SignArguments {
  file: string;
  key: string;
  output?: string;
}

export const signCommand: Command<SignArguments> = {
  command: "sign <file>",
  describe: "Sign a finished .auterionos file, or sign it anew",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "Mender artifact of any writer" })
      .options({
        key: {
          alias: "k",
          type: "string",
          requiresArg: true,
          demandOption: true,
          describe: "Private key in PEM, RSA or ECDSA P-256; - reads it from stdin",
        },
        output: { alias: "o", type: "string", requiresArg: true, describe: "File to write [default: the file itself]" },
      })
      .example("$0 sign app.auterionos --key private.pem", "sign a file that was built elsewhere"),
  action: () => import("../actions/sign.ts"),
};
