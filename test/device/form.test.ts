import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { type FileForm, openForm } from "../../lib/device/form.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { runOk } from "../support/run.ts";
import { noise } from "../support/seeded.ts";
import { requirePython } from "../yaml/pyyaml.ts";

async function formOf(t: TestContext, name: string, content: Buffer): Promise<FileForm & { path: string }> {
  const path = join(tempDir(t), name);
  writeFileSync(path, content);
  const form = await openForm(path, "file");
  onCleanup(t, form.close);
  return { ...form, path };
}

test("a file goes into the form byte by byte, as other programs read it", async (t) => {
  if (!(await requirePython(t))) return;
  const content = noise(1, 700_000);
  const form = await formOf(t, 'a "b" ü.auterionos', content);
  const sent: number[] = [];
  const bytes = await buffer(form.stream((size) => sent.push(size)));
  assert.equal(form.headers["content-length"], String(bytes.length));
  assert.deepEqual([sent[0], sent.at(-1)], [0, content.length]);
  assert.deepEqual(await buffer(form.stream(() => {})), bytes, "once more");

  const headers = { "content-type": form.headers["content-type"]! };
  const field = (await new Response(bytes, { headers }).formData()).get("file") as File;
  assert.equal(field.name, 'a "b" ü.auterionos');
  assert.deepEqual(Buffer.from(await field.arrayBuffer()), content);

  const raw = join(tempDir(t), "form");
  writeFileSync(raw, Buffer.concat([Buffer.from(`Content-Type: ${headers["content-type"]}\r\n\r\n`), bytes]));
  const script = `
import email, hashlib, sys
[part] = email.message_from_bytes(open(sys.argv[1], "rb").read()).get_payload()
data = part.get_payload(decode=True)
print(part.get_content_type(), part.get_param("name", header="content-disposition"), hashlib.md5(data).hexdigest())`;
  const { createHash } = await import("node:crypto");
  const md5 = createHash("md5").update(content).digest("hex");
  assert.equal(await runOk("/usr/bin/python3", ["-c", script, raw]), `application/octet-stream file ${md5}\n`);
});

test("a file that is not there, or becomes shorter, is told", async (t) => {
  await rejectsWith(openForm(join(tempDir(t), "none"), "file"), "unreachable", /cannot be read/, /ENOENT/);
  const form = await formOf(t, "short", noise(1, 1_000_000));
  truncateSync(form.path, 500_000);
  await rejectsWith(buffer(form.stream(() => {})), "unreachable", /became shorter/);
});
