import assert from "node:assert/strict";
import test from "node:test";
import { createActivities } from "../../../cli/ui/progress/activities.ts";
import { progressLines, progressSummary } from "../../../cli/ui/progress/lines.ts";
import { cells } from "../../../cli/ui/text.ts";
import type { BuildEvent, Step } from "../../../lib/events.ts";

const LAYER = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const OTHER = LAYER.replace("00112233", "ffeeddcc");
const REFERENCE = "docker.io/library/python:3.11-slim";

/** Activities on a clock that the test moves, in milliseconds. */
function onClock() {
  let now = 0;
  const activities = createActivities(() => now);
  const view = (columns: number, rows: number) => ({ columns, rows, now, begun: 0 });
  return {
    tell(...events: readonly BuildEvent[]) {
      for (const event of events) activities.event(event);
    },
    pass(milliseconds: number) {
      now += milliseconds;
    },
    lines: (columns = 80, rows = 24) => progressLines(activities, view(columns, rows)),
    summary: () => progressSummary(activities, view(80, 24)),
  };
}

function pull(layer: string, size: number, from = 0): BuildEvent {
  return { kind: "pull-start", reference: REFERENCE, layer, size, from };
}

test("a transfer shows its bytes, its speed of late and the time that is left", () => {
  const { tell, pass, lines } = onClock();
  assert.deepEqual(lines(), []);
  tell(pull(LAYER, 40e6, 10e6));
  const name = "pull    001122334455 python:3.11-slim";
  assert.deepEqual(lines(), [`${name}      10.0 of 40.0 MB`, "total   pulled 10.0 of 40.0 MB; 0 s"]);
  tell({ kind: "pull-bytes", layer: LAYER, size: 5e6 });
  pass(1000);
  assert.equal(lines()[0], `${name}      15.0 of 40.0 MB    5.0 MB/s      5 s`);
  pass(3000);
  tell({ kind: "pull-bytes", layer: LAYER, size: 15e6 });
  pass(1000);
  assert.equal(lines()[0], `${name}      30.0 of 40.0 MB    4.0 MB/s      3 s`, "what was there before is no speed");
  assert.equal(lines()[1], "total   pulled 30.0 of 40.0 MB; 5 s, 3 s left");
  for (let second = 0; second < 6; second += 1) {
    pass(1000);
    lines();
  }
  assert.equal(lines()[0], `${name}      30.0 of 40.0 MB       0 B/s`, "it stalls");
  tell({ kind: "pull-bytes", layer: LAYER, size: 10e6 });
  assert.match(lines()[0]!, / 40\.0 of 40\.0 MB +checking$/);
  tell({ kind: "pull-end", reference: REFERENCE, layer: LAYER, size: 40e6, stored: OTHER });
  assert.deepEqual(lines(), []);
});

test("one that begins anew counts anew; one that waits counts as to be done", () => {
  const { tell, lines } = onClock();
  tell({ kind: "pull-wait", layer: LAYER, size: 1000 }, { kind: "pull-wait", layer: OTHER, size: 3000 });
  tell(pull(LAYER, 1000), { kind: "pull-bytes", layer: LAYER, size: 600 });
  assert.equal(lines().at(-1), "total   pulled 0.6 of 4.0 kB; 0 s");
  tell(pull(LAYER, 1000), { kind: "pull-bytes", layer: LAYER, size: 100 });
  assert.equal(lines().at(-1), "total   pulled 0.1 of 4.0 kB; 0 s");
});

test("pushes are shown as pulls are, and of one layer beside its pull", () => {
  const { tell, lines } = onClock();
  tell(pull(LAYER, 2000), { kind: "push-start", reference: REFERENCE, layer: LAYER, size: 2000, from: 0 });
  tell({ kind: "push-bytes", layer: LAYER, size: 500 });
  const [pulled, pushed, total] = lines();
  assert.match(pulled!, /^pull .* 0\.0 of 2\.0 kB$/);
  assert.match(pushed!, /^push .* 0\.5 of 2\.0 kB$/);
  assert.equal(total, "total   pulled 0.0 of 2.0 kB, pushed 0.5 of 2.0 kB; 0 s");
  tell({ kind: "push-end", reference: REFERENCE, layer: LAYER, size: 2000 });
  assert.equal(lines().at(-1), "total   pushed 2.0 of 2.0 kB, pulled 0.0 of 2.0 kB; 0 s");
  tell({ kind: "pull-fail", layer: LAYER });
  assert.deepEqual(lines(), [], "what came to nothing is not to be done any more");
});

test("what need not be packed after all is not to be done; what counts no bytes shows how long it takes", () => {
  const { tell, pass, lines, summary } = onClock();
  const found: Step = { work: "pack", name: "Dockerfile:2 COPY . /app", size: 7000 };
  const packed: Step = { work: "pack", name: "Dockerfile:3 COPY lib /lib", size: 5000 };
  const resolve: Step = { work: "resolve", name: REFERENCE };
  tell({ kind: "step-start", step: resolve });
  assert.equal(summary(), "resolve python:3.11-slim; 0 s");
  for (const step of [found, packed]) tell({ kind: "step-start", step });
  tell({ kind: "step-bytes", step: packed, size: 5000 });
  assert.equal(summary(), "packed 5.0 of 12.0 kB; 0 s");
  for (const step of [found, packed]) tell({ kind: "step-end", step });
  pass(65_000);
  const line = (name: string, size: number) => `resolve ${name.padEnd(size)}           for 1:05`;
  assert.deepEqual(lines(), [line("python:3.11-slim", 31), "total   packed 5.0 of 5.0 kB; 1:05"]);
  assert.equal(lines(60)[0], line("python:3.11-slim", 20), "of the columns, the last one goes first");
  assert.equal(lines(45)[0], line("python:3.11-slim", 17));
  assert.equal(lines(30)[0], "resolve python:3.11-slim");
  assert.equal(lines(20)[0], "resolve pytho…-slim");
});

test("no line is wider than the terminal, whatever is in a name, and there are no more than it has room for", () => {
  const names = [
    "src/\x1b[2J\x07\x1b]0;title\x07/Dockerfile:1",
    "two\nlines\r\tand more",
    "日本語のとても長いフォルダー名/サービス/Dockerfile:12 COPY . /アプリ",
    "🛸".repeat(40),
    "e\u0301".repeat(40),
    `https://example.com/${"a".repeat(200)}.tar.gz`,
    "",
  ];
  const { tell, pass, lines } = onClock();
  for (const name of names) {
    const step: Step = { work: "write", name, size: 123_456_789 };
    tell({ kind: "step-start", step }, { kind: "step-bytes", step, size: 23_456_789 });
    tell({ kind: "step-start", step: { work: "resolve", name } });
  }
  pass(2000);
  for (let columns = 1; columns <= 200; columns += 1) {
    const all = lines(columns, 50);
    assert.equal(all.length, 2 * names.length + 1);
    for (const line of all) {
      assert.ok(cells(line) < Math.max(columns, 2), `${columns}: ${line}`);
      assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/);
    }
  }
  assert.match(lines(200)[0]!, /src\/\\x1b\[2J\\x07/);
  for (const rows of [1, 2, 3, 4, 10, 15, 16, 17]) {
    const all = lines(80, rows);
    assert.ok(all.length <= Math.max(rows - 1, 1), `${rows}`);
    assert.match(all.at(-1)!, /^total /);
    if (rows === 10) assert.equal(all.at(-2), "        and 7 more");
    if (rows >= 16) assert.equal(all.length, 15);
  }
});
