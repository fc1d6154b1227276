import type { Command } from "../command.ts";

export interface SignArguments {
  file: string;
  key: string;
  output?: string;
}

export const signCommand: Command<SignArguments> = {
  positionals: { file: { required: true, value: "FILE", describe: "Mender artifact of any writer" } },
  options: {
    key: {
      short: "k",
      required: true,
      value: "FILE",
      describe: "Private key in PEM, RSA or ECDSA P-256; - reads it from stdin",
    },
    output: { short: "o", value: "FILE", describe: "File to write", defaultDescription: "the file itself" },
  },
  examples: [
    ["aircrate sign app.auterionos --key private.pem", "sign a file that was built elsewhere"],
    ["aircrate sign app.auterionos -k private.pem -o signed.auterionos", "leave the file itself as it is"],
  ],
  action: () => import("../actions/sign.ts"),
};
