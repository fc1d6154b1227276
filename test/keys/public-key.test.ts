import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { readSigningKey } from "../../lib/keys/private-key.ts";
import { readVerifyKey } from "../../lib/keys/public-key.ts";
import { decodeSignature, isSignatureOf, kindOfSignature } from "../../lib/keys/signature.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { keyFiles } from "../support/keys.ts";
import { runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";

const MESSAGE = Buffer.from("a manifest");

for (const type of ["rsa", "ec"] as const) {
  test(`a public ${type} key is read in each of its forms, and knows its own signatures alone`, async (t) => {
    if (!requireTool(t, "openssl")) return;
    const { privateFile, publicFile, privateKey } = keyFiles(t, type);
    const { key: signer } = await readSigningKey(privateFile);
    const signature = decodeSignature(Buffer.from(signer.sign(MESSAGE)))!;
    assert.deepEqual(kindOfSignature(signature), signer.kind);
    const dir = tempDir(t);
    const files = [publicFile, join(dir, "certificate.pem")];
    await runOk("openssl", ["req", "-x509", "-key", privateFile, "-subj", "/CN=test", "-out", files[1]!]);
    if (type === "rsa") {
      files.push(join(dir, "pkcs1.pem"));
      writeFileSync(files[2]!, createPublicKey(privateKey).export({ type: "pkcs1", format: "pem" }));
    }
    const other = await readVerifyKey(keyFiles(t, type).publicFile);
    const otherKind = await readVerifyKey(keyFiles(t, type === "rsa" ? "ec" : "rsa").publicFile);
    for (const file of files) {
      const { key, kind } = await readVerifyKey(file);
      assert.deepEqual(kind, signer.kind);
      assert.ok(isSignatureOf(key, MESSAGE, signature));
      assert.ok(!isSignatureOf(key, Buffer.from("another"), signature));
      for (const size of [0, 1, 63, signature.length - 1]) {
        assert.ok(!isSignatureOf(key, MESSAGE, signature.subarray(0, size)), `${size} bytes of it`);
      }
      for (const at of [0, 20, signature.length - 1]) {
        const changed = Buffer.from(signature);
        changed[at]! ^= 1;
        assert.ok(!isSignatureOf(key, MESSAGE, changed), `byte ${at} changed`);
      }
      assert.ok(!isSignatureOf(key, MESSAGE, Buffer.alloc(signature.length)), "nothing but zeros");
      assert.ok(!isSignatureOf(key, MESSAGE, Buffer.alloc(signature.length, 255)), "nothing but ones");
    }
    assert.ok(!isSignatureOf(other.key, MESSAGE, signature));
    assert.ok(!isSignatureOf(otherKind.key, MESSAGE, signature));
  });
}

test("a member is a signature in one line of base64 without its end", () => {
  const line = Buffer.alloc(64, 1).toString("base64");
  assert.deepEqual(decodeSignature(Buffer.from(line)), Buffer.alloc(64, 1));
  for (const text of [
    "",
    `${line}\n`,
    ` ${line}`,
    line.slice(0, -1),
    line.replace("==", "="),
    "AAAA",
    `${line}${line}`,
  ]) {
    assert.equal(decodeSignature(Buffer.from(text)), undefined, JSON.stringify(text));
  }
});

test("what holds no public key for Mender is refused", async (t) => {
  if (!requireTool(t, "openssl")) return;
  const { privateFile, publicFile } = keyFiles(t, "ec");
  const dir = tempDir(t);
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  const pem = readFileSync(publicFile, "utf8");
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey;
  const spelt = await runOk("openssl", ["pkey", "-pubin", "-in", publicFile, "-ec_param_enc", "explicit"]);
  await rejectsWith(readVerifyKey(privateFile), "input", /is a private key/, /openssl pkey -in KEY\.pem -pubout/);
  await rejectsWith(readVerifyKey(write("two", pem + pem)), "input", /holds 2 public keys/);
  await rejectsWith(readVerifyKey(write("text", "no key")), "input", /holds no public key in PEM/);
  await rejectsWith(readVerifyKey(write("half", pem.replace(/\n.{30}/, "\n"))), "input", /cannot be read/);
  await rejectsWith(
    readVerifyKey(write("p384", p384.export({ type: "spki", format: "pem" }))),
    "input",
    /is ec secp384r1, and Mender takes RSA and ECDSA on P-256/,
  );
  const explicit = await rejectsWith(readVerifyKey(write("explicit", spelt)), "input", /spells the curve out/);
  assert.match(explicit.hint[0]!, /^openssl pkey -pubin -in PUB\.pem -ec_param_enc named_curve -out NAMED\.pem$/);
  await rejectsWith(readVerifyKey(join(dir, "gone")), "unreachable", /no such file/);
});
