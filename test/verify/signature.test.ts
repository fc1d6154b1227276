import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { readSigningKey } from "../../lib/keys/private-key.ts";
import { readVerifyKey } from "../../lib/keys/public-key.ts";
import { readSignable, signFile } from "../../lib/sign/sign.ts";
import { verifyFile } from "../../lib/verify/verify.ts";
import { tempDir } from "../support/cleanup.ts";
import { type KeyFiles, keyFiles } from "../support/keys.ts";
import { type PackageHooks, packageOf } from "./sample.ts";
import { archiveOf } from "./sample-archive.ts";

async function verify(t: TestContext, content: PackageHooks | Buffer, keys: readonly KeyFiles[]) {
  const file = join(tempDir(t), "sample");
  writeFileSync(file, Buffer.isBuffer(content) ? content : packageOf(content));
  return verifyFile(file, { keys: await Promise.all(keys.map(({ publicFile }) => readVerifyKey(publicFile))) });
}

/** The text of a signature in a new file. */
async function signedSample(t: TestContext, keys: KeyFiles): Promise<{ file: string; signature: string }> {
  const file = join(tempDir(t), "signed");
  writeFileSync(file, packageOf());
  const { key } = await readSigningKey(keys.privateFile);
  let signature = "";
  const spy = { ...key, sign: (manifest: Uint8Array) => (signature = key.sign(manifest)) };
  await signFile(await readSignable(file), { key: spy });
  return { file, signature };
}

const withSignature = (data: string): PackageHooks => ({
  members: (members) => [...members.slice(0, 2), { path: "manifest.sig", data }, ...members.slice(2)],
});

test("with keys, one of them must have signed", async (t) => {
  const [rsa, ec, other] = [keyFiles(t, "rsa"), keyFiles(t, "ec"), keyFiles(t, "ec")];
  const { signature } = await signedSample(t, ec);
  const good = await verify(t, withSignature(signature), [rsa, ec]);
  assert.deepEqual([good.problems, good.warnings, good.signer?.file], [[], [], ec.publicFile]);
  const wrong = await verify(t, withSignature(signature), [rsa, other]);
  assert.equal(wrong.signer, undefined);
  assert.deepEqual(wrong.problems, [
    {
      where: "manifest.sig",
      message:
        "the signature, ECDSA P-256, is not one of this manifest by " +
        `${rsa.publicFile} (RSA 2048), ${other.publicFile} (ECDSA P-256)`,
    },
  ]);
});

test("a signature does not outlive a change of what it stands for", async (t) => {
  const ec = keyFiles(t, "ec");
  const { signature } = await signedSample(t, ec);
  // The payload and its checksum, so that the artifact is whole but for its signature.
  const changed = await verify(t, { ...withSignature(signature), app: (text) => `${text}# changed\n` }, [ec]);
  assert.deepEqual(
    changed.problems.map(({ where }) => where),
    ["manifest.sig"],
  );
});

test("without a signature, keys make that a problem", async (t) => {
  const key = keyFiles(t, "ec");
  const found = async (content: PackageHooks | Buffer) =>
    (await verify(t, content, [key])).problems.map(({ where, message }) => `${where}: ${message}`);
  assert.deepEqual(await found({}), ["artifact: is not signed"]);
  assert.deepEqual(await found(archiveOf({})), ["archive: is not signed"]);
  for (const text of ["", "no base64", `${"A".repeat(88)}\n`, "AAAA"]) {
    assert.deepEqual(await found(withSignature(text)), ["manifest.sig: is no signature in one line of base64"]);
  }
});

test("inspecting tells what a signature was made with", async (t) => {
  for (const [type, algorithm, bits] of [
    ["rsa", "RSA", 2048],
    ["ec", "ECDSA P-256", 256],
  ] as const) {
    const { file } = await signedSample(t, keyFiles(t, type));
    const { inspection } = await verifyFile(file);
    assert.deepEqual([inspection.artifact?.signed, inspection.artifact?.signature], [true, { algorithm, bits }]);
  }
  const { inspection } = await verify(t, withSignature("no signature"), []);
  assert.deepEqual([inspection.artifact?.signed, inspection.artifact?.signature], [true, undefined]);
});
