import { type Command, REPEATED } from "../command.ts";
import { FINISHED_FILE } from "../source.ts";

export interface VerifyArguments {
  file: string;
  with: string[];
  key: string[];
}

export const verifyCommand: Command<VerifyArguments> = {
  about: "Reads all of it: checksums, order, every blob, diffIDs, configs, tags and signatures.",
  positionals: { file: FINISHED_FILE },
  options: {
    key: {
      ...REPEATED,
      short: "k",
      value: "FILE",
      describe: "Public key in PEM; one of those given must have signed the file",
    },
    with: {
      ...REPEATED,
      value: "FILE",
      describe: "File that the device has: proves the layers that a thin file leaves out",
    },
  },
  examples: [
    ["aircrate verify app.auterionos", "prove it"],
    ["aircrate verify app.auterionos --key public.pem", "and who made it"],
    ["aircrate verify app-1.1-thin.auterionos --with app-1.0.auterionos", "and what a thin file leaves out"],
  ],
  action: () => import("../actions/verify.ts"),
};
