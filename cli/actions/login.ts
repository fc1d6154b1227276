import { credentialPlaces } from "../../lib/environment.ts";
import { login, parseRegistry } from "../../lib/registry/login.ts";
import { VERSION } from "../../lib/version.ts";
import { type LoginArguments, passwordError } from "../commands/login.ts";
import { readPassword } from "../password.ts";
import { registryAccess } from "../registry-access.ts";
import { ask } from "../ui/prompt.ts";
import { print, warn } from "../ui/text.ts";

export async function run(args: LoginArguments): Promise<void> {
  if (args.password !== undefined) {
    throw passwordError("a password is not taken from the command line", "every user of the machine can see it there");
  }
  const registry = parseRegistry(args.registry);
  const credentials = await readCredentials(args);
  const { file, helper, proved } = await login(registry, credentials, {
    places: credentialPlaces(process.env),
    client: { ...(await registryAccess({ ...args, mirror: [] }, process.env)), userAgent: `aircrate/${VERSION}` },
  });
  if (!proved) warn(`${registry} asks for no credentials, so these are not proved to be right`);
  print(`logged in to ${registry}; the credentials are kept by ${helper ?? file}\n`);
}

async function readCredentials(args: LoginArguments): Promise<{ user: string; password: string }> {
  if (args["password-stdin"] && args.username === undefined) {
    throw passwordError("--password-stdin needs a user name", "stdin has the password alone", "name the user with -u");
  }
  if (!args["password-stdin"] && !process.stdin.isTTY)
    throw passwordError("there is no terminal to ask for the password");
  const user = args.username ?? (await ask("User name: "));
  // A colon ends the user name where credentials are sent (RFC 7617) and stored.
  if (user === "" || user.includes(":")) {
    throw passwordError("the user name is empty or has a colon", undefined, "give another");
  }
  const password = args["password-stdin"] ? await readPassword() : await ask("Password: ", { hidden: true });
  if (password === "") throw passwordError("the password is empty");
  return { user, password };
}
