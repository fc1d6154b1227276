import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { readSigningKey, type SigningKey } from "../../lib/keys/private-key.ts";
import { readVerifyKey } from "../../lib/keys/public-key.ts";
import { readSignable, type SignOptions, signFile } from "../../lib/sign/sign.ts";
import { verifyFile } from "../../lib/verify/verify.ts";
import { tempDir } from "../support/cleanup.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { listTar } from "../support/gnu-tar.ts";
import { type KeyFiles, type KeyType, keyFiles } from "../support/keys.ts";
import { requireTool } from "../support/tools.ts";
import { type PackageHooks, packageOf } from "../verify/sample.ts";

interface Sample {
  readonly dir: string;
  readonly file: string;
  readonly bytes: Buffer;
  readonly key: SigningKey;
  readonly keys: KeyFiles;
}

async function sample(t: TestContext, { type = "ec", hooks = {} }: { type?: KeyType; hooks?: PackageHooks } = {}) {
  const dir = tempDir(t);
  const file = join(dir, "app.auterionos");
  const bytes = packageOf(hooks);
  writeFileSync(file, bytes);
  const keys = keyFiles(t, type);
  return { dir, file, bytes, keys, key: (await readSigningKey(keys.privateFile)).key } satisfies Sample;
}

async function sign(file: string, options: SignOptions): Promise<{ file: string; replaced: boolean }> {
  const artifact = await readSignable(file);
  return { file: await signFile(artifact, options), replaced: artifact.signed };
}

async function signerOf(file: string, ...keys: KeyFiles[]): Promise<string | undefined> {
  const read = await Promise.all(keys.map(({ publicFile }) => readVerifyKey(publicFile)));
  const { problems, signer } = await verifyFile(file, { keys: read });
  assert.deepEqual(problems, []);
  return signer?.file;
}

for (const type of ["rsa", "ec"] as const) {
  test(`an ${type} signature is put behind the manifest, and nothing else changes`, async (t) => {
    if (!requireTool(t, "tar")) return;
    const { dir, file, bytes, key, keys } = await sample(t, { type });
    const output = join(dir, "signed.auterionos");
    assert.deepEqual(await sign(file, { key, output }), { file: output, replaced: false });
    assert.ok(readFileSync(file).equals(bytes), "the artifact itself stays");
    const members = await listTar(output);
    assert.deepEqual(
      members.map(({ path }) => path),
      ["version", "manifest", "manifest.sig", "header.tar.gz", "data/0000.tar.gz"],
    );
    const added = 512 * Math.ceil(1 + key.textSize / 512);
    const signed = readFileSync(output);
    const start = signed.indexOf("manifest.sig");
    assert.ok(Buffer.concat([signed.subarray(0, start), signed.subarray(start + added)]).equals(bytes));
    assert.equal(await signerOf(output, keyFiles(t, type), keys), keys.publicFile);
  });
}

test("a file is signed in place, once more by another key, and then is as if the first had never been", async (t) => {
  const { dir, file, key, keys } = await sample(t);
  const other = keyFiles(t, "rsa");
  const otherKey = (await readSigningKey(other.privateFile)).key;
  await sign(file, { key: otherKey, output: join(dir, "direct") });
  assert.deepEqual(await sign(file, { key }), { file, replaced: false });
  assert.equal(await signerOf(file, keys), keys.publicFile);
  assert.deepEqual(await sign(file, { key: otherKey }), { file, replaced: true });
  assert.equal(await signerOf(file, other), other.publicFile);
  assert.ok(readFileSync(file).equals(readFileSync(join(dir, "direct"))));
  assert.deepEqual(readdirSync(dir).sort(), ["app.auterionos", "direct"]);
});

test("in place, a link stays a link and the mode stays what it was", async (t) => {
  const { dir, file, key, keys } = await sample(t);
  chmodSync(file, 0o640);
  symlinkSync("app.auterionos", join(dir, "link"));
  assert.deepEqual(await sign(join(dir, "link"), { key }), { file: join(dir, "link"), replaced: false });
  assert.equal(await signerOf(file, keys), keys.publicFile);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(dir).sort(), ["app.auterionos", "link"]);
});

test("what is damaged is not signed", async (t) => {
  const spoilers: readonly [PackageHooks, RegExp][] = [
    [{ checksums: (text) => text.replace(/[0-9a-f](?= {2}data\/0000\/version)/, "x") }, /manifest:3/],
    [{ checksums: (text) => text.replace(/^.*settings\.user\.env\n/m, "") }, /settings\.user\.env: is not listed/],
    [{ members: (members) => members.slice(0, 3) }, /has no member data/],
    [{ members: ([version, ...rest]) => [...rest, version!] }, /version: stands behind/],
    [{ file: (bytes) => bytes.subarray(0, bytes.length - 3000) }, /artifact: /],
    [{ members: (m) => [...m, { path: "extra", data: "x" }] }, /extra: is no member/],
  ];
  for (const [hooks, pattern] of spoilers) {
    const { file, bytes, key, dir } = await sample(t, { hooks });
    await rejectsWith(sign(file, { key }), "integrity", /is not whole, so it is not signed/, pattern);
    assert.ok(readFileSync(file).equals(bytes));
    assert.deepEqual(readdirSync(dir), ["app.auterionos"]);
  }
});

test("what is no artifact is not signed", async (t) => {
  const { dir, file, bytes, key } = await sample(t);
  writeFileSync(join(dir, "packed"), gzipSync(bytes));
  writeFileSync(join(dir, "text"), "no artifact");
  await rejectsWith(sign(join(dir, "packed"), { key }), "input", /packed with gzip/, /gunzip/);
  await rejectsWith(sign(join(dir, "text"), { key }), "input");
  await rejectsWith(sign(join(dir, "gone"), { key }), "unreachable", /no such file/);
  await rejectsWith(sign(file, { key, output: dir }), "unreachable", /cannot be written/);
});

test("an abort leaves the file as it was", async (t) => {
  const { dir, file, bytes, key } = await sample(t);
  const error = await failure(sign(file, { key, signal: AbortSignal.abort() }));
  assert.equal((error as Error).name, "AbortError");
  assert.ok(readFileSync(file).equals(bytes));
  assert.deepEqual(readdirSync(dir), ["app.auterionos"]);
});

test("a file that changes between its proof and its copy is not written", async (t) => {
  const { dir, file, key } = await sample(t);
  const artifact = await readSignable(file);
  const contents = [packageOf({ app: (text) => `${text}# changed\n` }), Buffer.alloc(0), Buffer.alloc(2048, "x")];
  for (const bytes of contents) {
    writeFileSync(file, bytes);
    await rejectsWith(signFile(artifact, { key }), "integrity", /changed while it was signed/, /sign it again/);
    assert.ok(readFileSync(file).equals(bytes));
    assert.deepEqual(readdirSync(dir), ["app.auterionos"]);
  }
});
