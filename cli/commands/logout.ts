import type { Command } from "../command.ts";
import { credentialPlaces } from "../environment.ts";

interface LogoutArguments {
  registry: string;
}

export const logoutCommand: Command<LogoutArguments> = {
  command: "logout [registry]",
  describe: "Forget the credentials for a registry",
  builder: (yargs) =>
    yargs.positional("registry", { type: "string", default: "docker.io", describe: "Registry, as HOST[:PORT]" }),
  run: async (args) => {
    const { parseRegistry } = await import("../../lib/registry/login.ts");
    const { eraseCredentials } = await import("../../lib/credentials/write.ts");
    const { print } = await import("../ui/text.ts");
    const registry = parseRegistry(args.registry);
    const { file, helper, erased } = await eraseCredentials(credentialPlaces(process.env), registry);
    const place = helper ?? file;
    print(erased ? `logged out of ${registry}; ${place} has forgotten it\n` : `${place} has nothing for ${registry}\n`);
  },
};
