import type { OnEvent } from "../../../lib/events.ts";
import type { ProgressMode } from "../../progress.ts";
import { setBlock, writeLines } from "../stderr.ts";
import { printable } from "../text.ts";
import { type Activities, createActivities } from "./activities.ts";
import { progressLines, progressSummary } from "./lines.ts";
import { createScreen } from "./screen.ts";

/** Shows how far a task is. */
export interface Progress {
  readonly event: OnEvent;
  /** Shows a line that stays. */
  say(line: string): void;
  /** Takes away what is not to stay; nothing is shown from then on. */
  close(): void;
}

/** Milliseconds. What is over before is not worth a flicker. */
const FIRST_DRAWING = 500;
const BETWEEN_DRAWINGS = 100;
const BETWEEN_LINES = 5000;

/** @param stream stderr */
export function createProgress(mode: ProgressMode, stream: NodeJS.WriteStream): Progress {
  if (mode === "none") return { event() {}, say() {}, close() {} };
  const activities = createActivities(() => performance.now());
  return {
    event: activities.event,
    say: (line) => writeLines(`${printable(line)}\n`),
    close: mode === "terminal" ? drawOn(stream, activities) : writeNowAndThen(activities),
  };
}

/** @returns takes everything away */
function drawOn(stream: NodeJS.WriteStream, activities: Activities): () => void {
  const begun = performance.now();
  const screen = createScreen(stream);
  let paused = false;
  const draw = () => {
    const now = performance.now();
    if (paused || now - begun < FIRST_DRAWING) return;
    screen.draw((size) => progressLines(activities, { ...size, now, begun }));
  };
  const pause = () => {
    paused = true;
    screen.clear();
  };
  const resume = () => {
    paused = false;
  };
  const timer = setInterval(draw, BETWEEN_DRAWINGS).unref();
  stream.on("resize", draw);
  setBlock({ above: screen.above, pause, resume });
  return () => {
    clearInterval(timer);
    stream.off("resize", draw);
    setBlock(undefined);
    pause();
  };
}

/** @returns ends it */
function writeNowAndThen(activities: Activities): () => void {
  const begun = performance.now();
  const timer = setInterval(() => {
    if (activities.running().length === 0) return;
    writeLines(`${progressSummary(activities, { now: performance.now(), begun })}\n`);
  }, BETWEEN_LINES).unref();
  return () => clearInterval(timer);
}
