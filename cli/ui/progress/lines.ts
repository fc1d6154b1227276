import { bytes, bytesOf, cells, duration, shorten } from "../text.ts";
import type { Activities, Activity, Work } from "./activities.ts";

/** What is shown, at most, and when. */
export interface View {
  /** Size of the terminal, in cells. */
  readonly columns: number;
  readonly rows: number;
  /** In milliseconds, on the clock of the activities. */
  readonly now: number;
  /** When it all began. */
  readonly begun: number;
}

const WORK_WIDTH = 8;
const AMOUNT_WIDTH = "999.9 of 999.9 MB".length;
const SPEED_WIDTH = "999.9 MB/s".length;
const LEFT_WIDTH = "9:59:59".length;
const GAP = 2;
/** A name that is cut to less than this tells nothing: sooner the columns behind it go. */
const MIN_NAME = 16;

/** A line for each of what is under way, as many as there is room for, and one for all of it. */
export function progressLines(activities: Activities, view: View): string[] {
  const running = activities.running();
  if (running.length === 0) return [];
  // The last column stays free, where some terminals wrap already, and the last row, where the cursor is.
  const width = Math.max(view.columns - 1, 1);
  const room = Math.max(view.rows - 2, 0);
  const shown = running.length > room ? running.slice(0, Math.max(room - 1, 0)) : running;
  const lines = shown.map((activity) => activityLine(activity, width, view.now));
  const more = running.length - shown.length;
  if (more > 0 && room > 0) lines.push(shorten(`${" ".repeat(WORK_WIDTH)}and ${more} more`, width));
  return [...lines, shorten(`${"total".padEnd(WORK_WIDTH)}${progressSummary(activities, view)}`, width)];
}

function activityLine(activity: Activity, width: number, now: number): string {
  const columns = figures(activity, now);
  const nameWidth = () => width - WORK_WIDTH - columns.reduce((sum, [, size]) => sum + GAP + size, 0);
  while (columns.length > 0 && nameWidth() < MIN_NAME) columns.pop();
  const name = shorten(activity.name, Math.max(nameWidth(), 1));
  const padding = " ".repeat(Math.max(nameWidth() - cells(name), 0));
  const rest = columns.map(([text, size]) => " ".repeat(GAP) + text.padStart(size)).join("");
  return shorten(`${activity.work.padEnd(WORK_WIDTH)}${name}${padding}${rest}`.trimEnd(), width);
}

type Column = readonly [text: string, width: number];

/** What is left to be done with a transfer when all of its bytes are there. */
const AFTER: Readonly<Partial<Record<Work, string>>> = { pull: "checking", push: "waiting" };

function figures(activity: Activity, now: number): Column[] {
  const { work, done, size, begun } = activity;
  if (size === undefined && done === 0) {
    const waited = now - begun;
    const time = waited < SECOND ? "" : `for ${duration(waited)}`;
    return [
      [time, AMOUNT_WIDTH],
      ["", SPEED_WIDTH],
      ["", LEFT_WIDTH],
    ];
  }
  const rate = activity.speed(now);
  const after = done === size ? AFTER[work] : undefined;
  return [
    [amount(done, size), AMOUNT_WIDTH],
    [after ?? (rate === undefined ? "" : `${bytes(Math.round(rate))}/s`), SPEED_WIDTH],
    [timeLeft((size ?? 0) - done, rate) ?? "", LEFT_WIDTH],
  ];
}

function amount(done: number, size: number | undefined): string {
  return size === undefined || done > size ? bytes(done) : bytesOf(done, size);
}

const SECOND = 1000;
/** Longer than this, in milliseconds, is no estimate. */
const MAX_LEFT = 10 * 3600 * SECOND;

function timeLeft(size: number, rate: number | undefined): string | undefined {
  if (rate === undefined || rate <= 0 || size <= 0) return undefined;
  const left = (size / rate) * SECOND;
  return left < MAX_LEFT ? duration(left) : undefined;
}

const PAST: Readonly<Record<Work, string>> = {
  resolve: "resolved",
  pull: "pulled",
  push: "pushed",
  pack: "packed",
  unpack: "unpacked",
  read: "read",
  check: "checked",
  write: "written",
  send: "sent",
};

/** All that is done and to be done, in one line; the time that is left is that of what takes longest. */
export function progressSummary(activities: Activities, { now, begun }: Pick<View, "now" | "begun">): string {
  const running = activities.running();
  const totals = [...activities.totals()];
  const parts = totals.map(([work, { done, size }]) => `${PAST[work]} ${amount(done, size)}`);
  const [first] = running;
  if (parts.length === 0 && first !== undefined) parts.push(`${first.work} ${shorten(first.name, MAX_NAME)}`);
  const left = totals.map(([work, { done, size }]) => {
    const rates = running.map((activity) => (activity.work === work ? (activity.speed(now) ?? 0) : 0));
    return { size: size - done, rate: rates.reduce((sum, rate) => sum + rate, 0) };
  });
  const longest = left.reduce((a, b) => (b.size * a.rate > a.size * b.rate ? b : a), { size: 0, rate: 1 });
  const time = timeLeft(longest.size, longest.rate);
  return `${parts.join(", ")}; ${duration(now - begun)}${time === undefined ? "" : `, ${time} left`}`;
}

const MAX_NAME = 100;
