import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { AircrateError } from "../lib/error.ts";
import { createPositionalWriter, writeAll, writeOutput } from "../lib/output.ts";
import { onCleanup, tempDir } from "./support/cleanup.ts";
import { failure, rejectsWith } from "./support/faults.ts";
import { killGroup, spawnGroup } from "./support/run.ts";
import { noise, seeded } from "./support/seeded.ts";

test("a file has its name when it is whole, folders are made", async (t) => {
  const dir = tempDir(t);
  const file = join(dir, "a", "b", "out.bin");
  const result = await writeOutput(file, async (handle) => {
    await handle.write("content");
    assert.equal(existsSync(file), false);
    return 7;
  });
  assert.equal(result, 7);
  assert.equal(readFileSync(file, "utf8"), "content");
  assert.deepEqual(readdirSync(join(dir, "a", "b")), ["out.bin"]);
  assert.equal(statSync(file).mode & 0o777, 0o666 & ~process.umask());
});

test("a file that is there is replaced at the end only, and a link to one is replaced itself", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "old"), "old");
  symlinkSync("old", join(dir, "link"));
  await writeOutput(join(dir, "link"), async (handle) => {
    assert.equal(readFileSync(join(dir, "link"), "utf8"), "old");
    await handle.write("new");
  });
  assert.equal(readFileSync(join(dir, "link"), "utf8"), "new");
  assert.equal(readFileSync(join(dir, "old"), "utf8"), "old");
});

test("a failure leaves what was there before, and nothing beside it", async (t) => {
  const dir = tempDir(t);
  const file = join(dir, "out");
  for (const before of [undefined, "before"]) {
    if (before !== undefined) writeFileSync(file, before);
    const fault = new Error("in the middle");
    const failed = writeOutput(file, async (handle) => {
      await handle.write("half");
      throw fault;
    });
    assert.equal(await failure(failed), fault);
    assert.deepEqual(readdirSync(dir), before === undefined ? [] : ["out"]);
  }
  assert.equal(readFileSync(file, "utf8"), "before");
});

test("a folder that has taken the name meanwhile", async (t) => {
  const file = join(tempDir(t), "out");
  await rejectsWith(
    writeOutput(file, async () => mkdirSync(file)),
    "unreachable",
    /cannot be written/,
    /-o/,
  );
  assert.deepEqual(readdirSync(join(file, "..")), ["out"]);
});

test("what is no file is not replaced by one", async (t) => {
  const dir = tempDir(t);
  const socket = join(dir, "socket");
  const server = createServer().listen(socket);
  onCleanup(t, () => void server.close());
  await once(server, "listening");
  const written = writeOutput(socket, (handle) => handle.write("content"));
  await rejectsWith(written, "unreachable", /socket: the file cannot be written/, /it is a device, a pipe or a socket/);
  assert.ok(statSync(socket).isSocket());
  assert.deepEqual(readdirSync(dir), ["socket"]);
});

test("a place that cannot be written to", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "file"), "");
  mkdirSync(join(dir, "folder"));
  for (const name of ["file/out", "folder", "folder/", `${"n".repeat(300)}`]) {
    const error = await rejectsWith(
      writeOutput(join(dir, name), async () => assert.fail("it was called")),
      "unreachable",
      /cannot be written/,
      /-o/,
    );
    assert.equal(error.where, join(dir, name));
  }
  assert.deepEqual(readdirSync(dir).sort(), ["file", "folder"]);
  assert.deepEqual(readdirSync(join(dir, "folder")), []);
});

test("a full disk is told as one, other errors pass as they are", async (t) => {
  const file = join(tempDir(t), "out");
  for (const code of ["ENOSPC", "EDQUOT", "EFBIG", "EIO"]) {
    const full = Object.assign(new Error(`${code}: that will not do, write`), { code });
    const failed = writeOutput(file, async () => Promise.reject(full));
    const error = await rejectsWith(failed, "unreachable", /that will not do/);
    assert.equal(error.cause, full);
  }
  const own = new AircrateError("integrity", "a blob is damaged");
  assert.equal(await failure(writeOutput(file, () => Promise.reject(own))), own);
});

const CHILD = `
const { writeOutput } = await import(process.argv[1]);
await writeOutput(process.argv[2], async (handle) => {
  await handle.write("x".repeat(100_000));
  console.log("half");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
`;

test("a process that is killed leaves nothing under the name", async (t) => {
  const dir = tempDir(t);
  const file = join(dir, "out");
  const args = ["--input-type=module", "-e", CHILD, new URL("../lib/output.js", import.meta.url).href, file];
  const child = spawnGroup(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout!, "data");
  assert.equal(String(said), "half\n");
  killGroup(child, "SIGKILL");
  await once(child, "exit");
  const left = readdirSync(dir);
  assert.equal(existsSync(file), false);
  assert.match(left.join(), /^\.out\.[0-9a-f]{12}\.tmp$/);
  // The next run is not disturbed by what the dead one left.
  await writeOutput(file, async (handle) => void (await handle.write("whole")));
  assert.equal(readFileSync(file, "utf8"), "whole");
});

test("the positional writer puts chunks of any size behind one another", async (t) => {
  const file = join(tempDir(t), "out");
  const next = seeded(1);
  const size = 5 * 1024 * 1024 + 12_345;
  const bytes = noise(2, size);
  const handle = await open(file, "w+");
  try {
    const writer = createPositionalWriter(handle, 700);
    for (let at = 0; at < size; ) {
      const step = [0, 1, 511, 4096, 65_535, 512 * 1024 - 1, 512 * 1024, 2_500_000][next(8)]!;
      // The caller may use its buffer again at once.
      const chunk = Buffer.from(bytes.subarray(at, at + step));
      await writer.write(chunk);
      chunk.fill(0);
      at += step;
    }
    await writer.flush();
    await writeAll(handle, Buffer.alloc(700, 1), 0);
  } finally {
    await handle.close();
  }
  const written = readFileSync(file);
  assert.equal(written.length, 700 + size);
  assert.deepEqual(written.subarray(0, 700), Buffer.alloc(700, 1));
  assert.equal(Buffer.compare(written.subarray(700), bytes), 0);
});

test("a write that fails is told at the next one or at the end, not as an unhandled rejection", async (t) => {
  const file = join(tempDir(t), "out");
  writeFileSync(file, "");
  const handle = await open(file, "r");
  try {
    const writer = createPositionalWriter(handle, 0);
    await writer.write(Buffer.alloc(512 * 1024));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await assert.rejects(async () => {
      await writer.write(Buffer.alloc(512 * 1024));
      await writer.flush();
    }, /EBADF/);
  } finally {
    await handle.close();
  }
});

test("short writes are continued", async () => {
  const parts: [position: number, bytes: number[]][] = [];
  const handle = {
    async write(bytes: Uint8Array, offset: number, length: number, position: number) {
      const bytesWritten = Math.min(length, 3);
      parts.push([position, [...bytes.subarray(offset, offset + bytesWritten)]]);
      return { bytesWritten };
    },
  };
  await writeAll(handle as never, Uint8Array.of(1, 2, 3, 4, 5, 6, 7), 100);
  assert.deepEqual(parts, [
    [100, [1, 2, 3]],
    [103, [4, 5, 6]],
    [106, [7]],
  ]);
});
