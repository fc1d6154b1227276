import type { Command } from "../command.ts";

export interface LogoutArguments {
  registry: string;
}

export const logoutCommand: Command<LogoutArguments> = {
  positionals: { registry: { default: "docker.io", value: "REGISTRY", describe: "Registry, as HOST[:PORT]" } },
  examples: [
    ["aircrate logout", "forget those for Docker Hub"],
    ["aircrate logout registry.example:5000", "forget those for another registry"],
  ],
  action: () => import("../actions/logout.ts"),
};
