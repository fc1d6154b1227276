import { eraseCredentials } from "../../lib/credentials/write.ts";
import { credentialPlaces } from "../../lib/environment.ts";
import { parseRegistry } from "../../lib/registry/login.ts";
import type { LogoutArguments } from "../commands/logout.ts";
import { print } from "../ui/text.ts";

export async function run(args: LogoutArguments): Promise<void> {
  const registry = parseRegistry(args.registry);
  const { file, helper, erased } = await eraseCredentials(credentialPlaces(process.env), registry);
  const place = helper ?? file;
  print(erased ? `logged out of ${registry}; ${place} has forgotten it\n` : `${place} has nothing for ${registry}\n`);
}
