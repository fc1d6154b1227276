import type { CompleteArguments } from "../commands/complete.ts";
import { complete } from "../complete.ts";

export async function run({ words }: CompleteArguments): Promise<void> {
  const { kind, words: candidates } = await complete(words);
  const lines = [kind, ...candidates.map(([word, description]) => `${word}\t${description}`)];
  process.stdout.write(`${lines.join("\n")}\n`);
}
