import type { Command } from "../command.ts";

export interface LogoutArguments {
  registry: string;
}

export const logoutCommand: Command<LogoutArguments> = {
  command: "logout [registry]",
  describe: "Forget the credentials for a registry",
  builder: (yargs) =>
    yargs.positional("registry", { type: "string", default: "docker.io", describe: "Registry, as HOST[:PORT]" }),
  action: () => import("../actions/logout.ts"),
};
