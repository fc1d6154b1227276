import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { describe } from "node:test";
import { inspect } from "node:util";
import { readSigningKey, receiveSigningKey, type SigningKey } from "../../lib/keys/private-key.ts";
import { tempDir } from "../support/cleanup.ts";
import { allText, rejectsWith } from "../support/faults.ts";
import { keyFiles, newKey, pemOf } from "../support/keys.ts";
import { run, runOk } from "../support/run.ts";
import { formsOf } from "../support/secrets.ts";
import { requireTool } from "../support/tools.ts";

const MANIFEST = Buffer.from(`${"0".repeat(64)}  version\n`);

async function* chunksOf(...chunks: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const receive = (...chunks: (string | Buffer)[]): Promise<SigningKey> =>
  receiveSigningKey(chunksOf(...chunks), "the key");

function isSigned(publicKey: KeyObject, text: string): boolean {
  assert.doesNotMatch(text, /\s/);
  return verify("sha256", MANIFEST, { key: publicKey, dsaEncoding: "ieee-p1363" }, Buffer.from(text, "base64"));
}

for (const type of ["rsa", "ec"] as const) {
  test(`every form of an ${type} key gives the same signature, each time`, async (t) => {
    if (!requireTool(t, "openssl")) return;
    const { privateFile, privateKey } = keyFiles(t, type);
    const pem = pemOf(privateKey);
    const forms = [pem, pemOf(privateKey, "pkcs8"), pem.replaceAll("\n", "\r\n"), `Bag Attributes\n  name: x\n${pem}`];
    if (type === "ec") {
      const parameters = await runOk("openssl", ["ecparam", "-name", "prime256v1"]);
      const explicit = ["ec", "-in", privateFile, "-param_enc", "explicit"];
      forms.push(`${parameters}${pem}`, await runOk("openssl", explicit));
    }
    const { key } = await readSigningKey(privateFile);
    assert.deepEqual(
      key.kind,
      type === "rsa" ? { algorithm: "RSA", bits: 2048 } : { algorithm: "ECDSA P-256", bits: 256 },
    );
    const signature = key.sign(MANIFEST);
    assert.equal(signature.length, key.textSize);
    assert.ok(isSigned(createPublicKey(privateKey), signature));
    for (const form of forms) assert.equal((await receive(form)).sign(MANIFEST), signature, form.split("\n")[0]);
    assert.notEqual(key.sign(Buffer.from("another")), signature);
  });
}

test("ECDSA takes its nonces as RFC 6979 says, A.2.5", async () => {
  const base64url = (hex: string) => Buffer.from(hex, "hex").toString("base64url");
  const jwk = {
    kty: "EC",
    crv: "P-256",
    d: base64url("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"),
    x: base64url("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"),
    y: base64url("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"),
  };
  const key = await receive(pemOf(createPrivateKey({ key: jwk, format: "jwk" })));
  const signed = (text: string) =>
    Buffer.from(key.sign(Buffer.from(text)), "base64")
      .toString("hex")
      .toUpperCase();
  assert.equal(
    signed("sample"),
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716" +
      "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
  );
  assert.equal(
    signed("test"),
    "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367" +
      "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
  );
});

test("openssl accepts the signature of an RSA key", async (t) => {
  if (!requireTool(t, "openssl")) return;
  const { privateFile, publicFile } = keyFiles(t, "rsa");
  const dir = tempDir(t);
  const { key } = await readSigningKey(privateFile);
  writeFileSync(join(dir, "manifest"), MANIFEST);
  writeFileSync(join(dir, "signature"), Buffer.from(key.sign(MANIFEST), "base64"));
  const args = ["dgst", "-sha256", "-verify", publicFile, "-signature", join(dir, "signature"), join(dir, "manifest")];
  assert.match(await runOk("openssl", args), /Verified OK/);
  writeFileSync(join(dir, "manifest"), "another");
  assert.notEqual((await run("openssl", args)).status, 0);
});

describe("what cannot sign is refused with what helps", () => {
  const ec = newKey("ec");
  const encrypted = { cipher: "aes-128-cbc", passphrase: "secret" } as const;
  const cases: Readonly<Record<string, [text: string | Buffer, ...patterns: RegExp[]]>> = {
    "an encrypted PKCS #8 key": [
      ec.privateKey.export({ type: "pkcs8", format: "pem", ...encrypted }),
      /the private key is encrypted/,
      /openssl pkey -in KEY\.pem \| aircrate/,
    ],
    "an encrypted key of old": [
      ec.privateKey.export({ type: "sec1", format: "pem", ...encrypted }),
      /the private key is encrypted/,
      /openssl pkey/,
    ],
    "a key on another curve": [
      pemOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey),
      /is ec secp384r1, and Mender takes RSA and ECDSA on P-256/,
      /openssl ecparam -name prime256v1/,
    ],
    "a key of Ed25519": [pemOf(generateKeyPairSync("ed25519").privateKey, "pkcs8"), /is ed25519, /, /openssl genrsa/],
    "a key for RSA-PSS": [
      pemOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey, "pkcs8"),
      /is rsa-pss, /,
    ],
    "a short RSA key": [
      pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey),
      /RSA 1024 is too short/,
      /2048 bits at least/,
    ],
    "a public key": [ec.publicKey.export({ type: "spki", format: "pem" }), /holds a public key/],
    "two private keys": [pemOf(ec.privateKey).repeat(2), /holds 2 private keys/],
    "a key in DER": [ec.privateKey.export({ type: "sec1", format: "der" }), /is no PEM file/, /-inform DER/],
    "a key of OpenSSH": [
      "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
      /OpenSSH's own format/,
      /ssh-keygen -p -m PEM/,
    ],
    "a damaged key": [
      pemOf(ec.privateKey).replace(/\n.{20}/, `\n${"A".repeat(20)}`),
      /the private key cannot be read/,
      /openssl pkey -check/,
    ],
    "half a key": [pemOf(ec.privateKey).slice(0, 150), /holds no private key in PEM/, /openssl genrsa/],
    "an empty file": ["", /holds no private key in PEM/],
    "a large file": [Buffer.alloc(70_000, "x"), /is too large for a key/],
  };
  for (const [name, [content, ...patterns]] of Object.entries(cases)) {
    test(name, async () => {
      const error = await rejectsWith(receive(content), "input", /^the key: /, ...patterns);
      // Nothing of a key, in whatever encoding its lines may appear.
      const lines = content
        .toString("latin1")
        .split("\n")
        .filter((line) => /^[A-Za-z0-9+/=]{16,}$/.test(line));
      for (const line of lines) {
        for (const form of formsOf(line))
          assert.ok(!allText(error).includes(form), "a line of the file is in the error");
      }
    });
  }
});

test("a key that comes in pieces is put together, and each piece is wiped", async () => {
  const pem = Buffer.from(pemOf(newKey("ec").privateKey));
  const pieces = [Buffer.from(pem.subarray(0, 40)), Buffer.from(pem.subarray(40))];
  const pass = async function* () {
    yield* pieces;
  };
  (await receiveSigningKey(pass(), "the key")).sign(MANIFEST);
  for (const piece of pieces) assert.ok(piece.every((byte) => byte === 0));
});

test("a key shows nothing of itself", async (t) => {
  for (const type of ["rsa", "ec"] as const) {
    const { privateFile, privateKey } = keyFiles(t, type);
    const { key } = await readSigningKey(privateFile);
    key.sign(MANIFEST);
    const shown = `${inspect(key, { depth: 10, showHidden: true })}${JSON.stringify(key)}`;
    const { d } = privateKey.export({ format: "jwk" });
    const secrets = [
      d!,
      ...readFileSync(privateFile, "utf8")
        .split("\n")
        .filter((line) => line.length > 16),
    ];
    for (const secret of secrets) assert.ok(!shown.includes(secret));
  }
});

test("a file that others can read is told of, and one that cannot be read is not there", async (t) => {
  const { privateFile } = keyFiles(t, "ec");
  assert.equal((await readSigningKey(privateFile)).exposed, false);
  for (const mode of [0o640, 0o604, 0o644]) {
    chmodSync(privateFile, mode);
    assert.equal((await readSigningKey(privateFile)).exposed, process.platform !== "win32");
  }
  await rejectsWith(readSigningKey(`${privateFile}.gone`), "unreachable", /no such file/);
  await rejectsWith(readSigningKey(tempDir(t)), "unreachable", /cannot be read/);
});
