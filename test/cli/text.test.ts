import assert from "node:assert/strict";
import test from "node:test";
import { jsonText, printable, table } from "../../cli/ui/text.ts";

test("what stands in a table makes no line of its own", () => {
  assert.equal(
    table(
      [
        ["app\nb: ok", "1"],
        ["c", "20"],
      ],
      [1],
    ),
    "app\\x0ab: ok   1\nc             20\n",
  );
});

test("JSON has no control character but the ends of its lines, and means the same", () => {
  const document = { "a\u007f": "\u0000\t\u001b[1m \u0085\u009b1m\n ü" };
  const text = jsonText(document);
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  assert.deepEqual(JSON.parse(text), document);
});

test("what steers a terminal, or turns the direction of a line, is shown by its number", () => {
  assert.equal(printable("a\tb\u001b[1m\u009b\n"), "a\\x09b\\x1b[1m\\x9b\n");
  assert.equal(printable("exe.\u202egpj\u2066"), "exe.\\u202egpj\\u2066");
  assert.equal(printable("größe 図 ü"), "größe 図 ü");
});
