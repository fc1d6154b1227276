import { execFileSync } from "node:child_process";
import type { TestContext } from "node:test";
import xterm from "@xterm/headless";
import { PRIVATE, PROGRAM } from "./aircrate.ts";
import { onCleanup } from "./cleanup.ts";
import { environment, killGroup, spawnGroup } from "./run.ts";

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal as people have them, which wraps its lines anew when its width changes. */
export interface Screen {
  /** Takes what a program writes. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** What can be seen, and what was scrolled off, without the blanks and empty lines at the end. */
  text(): string;
  resize(size: ScreenSize): void;
}

export function createScreen({ columns, rows }: ScreenSize): Screen {
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true });
  return {
    write: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)),
    text() {
      const { active } = terminal.buffer;
      const lines = Array.from({ length: active.length }, (_, i) => active.getLine(i)?.translateToString(true) ?? "");
      return lines.join("\n").trimEnd();
    },
    resize: (size) => terminal.resize(size.columns, size.rows),
  };
}

/** Milliseconds. */
const PATIENCE = 60_000;

/** aircrate on a terminal. */
export interface OnScreen extends Pick<Screen, "text"> {
  /** Everything that was written, as it came. */
  written(): string;
  /** Waits until the screen fits. Fails when the program ends before, or nothing of the kind comes. */
  until(fits: (text: string) => boolean): Promise<void>;
  /** Changes the size right after the program has drawn, so that nothing that it wrote before is still on its way. */
  resize(size: ScreenSize): Promise<void>;
  type(text: string): void;
  /** Its exit status. */
  readonly ended: Promise<number | null>;
}

/** Starts aircrate on a terminal of a size, which `script` makes. */
export function startOnScreen(
  t: TestContext,
  args: readonly string[],
  { env, ...size }: ScreenSize & { env?: Readonly<Record<string, string | undefined>> },
): OnScreen {
  const screen = createScreen(size);
  const command = [process.execPath, PROGRAM, ...args].join(" ");
  const line = `tty && ${sizing(size)} && exec ${command}`;
  const child = spawnGroup("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
    env: environment({ ...PRIVATE, TERM: "xterm-256color", ...env }),
    stdio: "pipe",
  });
  onCleanup(t, () => killGroup(child, "SIGKILL"));
  let written = "";
  let device = "";
  let isOver = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const one of [...waiting]) one();
  };
  const change = (deadline = Date.now() + PATIENCE) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        clearTimeout(timer);
        waiting.delete(look);
        if (isOver) reject(new Error(`it ended: ${screen.text()}`));
        else resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`nothing of the kind came: ${screen.text()}`));
      }, deadline - Date.now());
      waiting.add(look);
      if (isOver) look();
    });
  child.stdout?.on("data", async (chunk: Buffer) => {
    let text = String(chunk);
    if (device === "") {
      // The name of the terminal comes first, in one piece.
      const end = text.indexOf("\n");
      device = text.slice(0, end).trim();
      text = text.slice(end + 1);
    }
    written += text;
    await screen.write(text);
    wake();
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", async (status) => {
      // Behind all that is still to be drawn.
      await screen.write("");
      isOver = true;
      wake();
      resolve(status);
    });
  });
  return {
    text: screen.text,
    written: () => written,
    async until(fits) {
      const deadline = Date.now() + PATIENCE;
      while (!fits(screen.text())) await change(deadline);
    },
    async resize(next) {
      await change();
      execFileSync("sh", ["-c", `${sizing(next)} < ${device}`]);
      screen.resize(next);
    },
    type: (text) => void child.stdin?.write(text),
    ended,
  };
}

function sizing({ columns, rows }: ScreenSize): string {
  return `stty columns ${columns} rows ${rows}`;
}
