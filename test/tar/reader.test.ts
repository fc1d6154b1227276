import assert from "node:assert/strict";
import test from "node:test";
import { TarFormatError } from "../../lib/tar/parser.ts";
import { readTar } from "../../lib/tar/reader.ts";
import { inChunks, prose } from "../support/seeded.ts";
import { tarOf } from "../support/ustar.ts";

const BIG = prose(1, 5000);
const TAR = tarOf([
  { path: "d/" },
  { path: "d/big", data: BIG },
  { path: "d/empty" },
  { path: "d/small", data: "small" },
  { path: "d/link", symlink: "big" },
]);

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const bytes of content) text += Buffer.from(bytes).toString("latin1");
  return text;
}

test("each member comes with its own content", async () => {
  for (const size of [1, 100, 512, 100_000]) {
    const found: [string, string][] = [];
    const end = await readTar(inChunks(TAR, size), async ({ path }, content) => {
      found.push([path, await textOf(content)]);
    });
    assert.deepEqual(found, [
      ["d", ""],
      ["d/big", BIG.toString("latin1")],
      ["d/empty", ""],
      ["d/small", "small"],
      ["d/link", ""],
    ]);
    assert.deepEqual(end, { size: TAR.length, trailer: 1024, clean: true });
  }
});

test("what is not read, or only in part, is passed over", async () => {
  const paths: string[] = [];
  await readTar(inChunks(TAR, 700), async ({ path }, content) => {
    paths.push(path);
    if (path !== "d/big") return;
    for await (const bytes of content) {
      assert.ok(bytes.length > 0);
      break;
    }
  });
  assert.deepEqual(paths, ["d", "d/big", "d/empty", "d/small", "d/link"]);
});

test("content that is read too late is empty, not that of another member", async () => {
  const late: AsyncIterable<Uint8Array>[] = [];
  await readTar(inChunks(TAR, 700), async (_entry, content) => void late.push(content));
  for (const content of late) assert.equal(await textOf(content), "");
});

test("a visitor that fails ends the reading and closes the source", async () => {
  let closed = false;
  async function* source() {
    try {
      yield* inChunks(TAR, 512);
    } finally {
      closed = true;
    }
  }
  const fault = new Error("seen enough");
  const seen: string[] = [];
  const failed = readTar(source(), async ({ path }) => {
    seen.push(path);
    if (path === "d/big") throw fault;
  });
  await assert.rejects(failed, fault);
  assert.deepEqual(seen, ["d", "d/big"]);
  assert.equal(closed, true);
});

test("an archive that is cut in a member fails, also when nobody reads it", async () => {
  for (const size of [300, 512 + 300, 1024 + 100]) {
    await assert.rejects(
      readTar(inChunks(TAR.subarray(0, size), 100), async () => {}),
      TarFormatError,
    );
  }
  await assert.rejects(
    readTar(inChunks(Buffer.alloc(0)), async () => {}),
    TarFormatError,
  );
});

test("an error of the source passes as it is", async () => {
  const fault = new Error("the disk is gone");
  async function* source() {
    yield TAR.subarray(0, 600);
    throw fault;
  }
  await assert.rejects(
    readTar(source(), async (_entry, content) => void (await textOf(content))),
    fault,
  );
});
