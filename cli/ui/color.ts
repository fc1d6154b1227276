import { styleText } from "node:util";

/**
 * Colours a text for a stream. Node decides whether: `FORCE_COLOR`, then `NO_COLOR`, then whether it is a terminal that
 * knows colours.
 */
export function colored(color: "red" | "yellow", text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return styleText(color, text, { stream });
}
