import assert from "node:assert/strict";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Inspection } from "../../spec/inspection.ts";
import { type Aircrate, aircrateFor, decodeText } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { type KeyFiles, keyFiles, pemOf } from "../support/keys.ts";
import { menderInstall } from "../support/mender.ts";
import { manifestOf, writeFiles } from "../support/project.ts";
import { run, runOk } from "../support/run.ts";
import { formsOf } from "../support/secrets.ts";
import { requireRoot, requireTool } from "../support/tools.ts";

interface Sample {
  readonly aircrate: Aircrate;
  readonly cwd: string;
}

/** A small application in the folder `app`, and its artifact, not signed, as `plain`. */
async function sample(t: TestContext): Promise<Sample> {
  const cwd = tempDir(t);
  const aircrate = aircrateFor(t, { cwd });
  writeFiles(join(cwd, "app"), { "auterion-app.yml": manifestOf(), "one/Dockerfile": "FROM scratch\nCOPY . /\n" });
  await aircrate.build(["app", "-o", "plain"]);
  return { aircrate, cwd };
}

async function ok({ aircrate }: Sample, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await aircrate.run(args);
  assert.equal(status, 0, stderr);
  return stdout;
}

for (const type of ["rsa", "ec"] as const) {
  test(`what is built with an ${type} key, signed later, and signed from stdin are the same file`, async (t) => {
    if (!requireTool(t, "mender-artifact")) return;
    const made = await sample(t);
    const { aircrate, cwd } = made;
    const { privateFile, publicFile, privateKey } = keyFiles(t, type);
    const report = await aircrate.build(["app", "-o", "built", "--sign", privateFile]);
    const kind = type === "rsa" ? { algorithm: "RSA", bits: 2048 } : { algorithm: "ECDSA P-256", bits: 256 };
    assert.deepEqual(report.signature, kind);
    const name = type === "rsa" ? "RSA 2048" : "ECDSA P-256";
    assert.equal(await ok(made, "sign", "plain", "--key", privateFile, "-o", "later"), `later: signed with ${name}\n`);
    const input = pemOf(privateKey, "pkcs8");
    const piped = await aircrate.run(["build", "app", "-o", "piped", "--sign", "-"], { input });
    assert.equal(piped.status, 0, piped.stderr);
    assert.match(piped.stdout, new RegExp(`piped  .*  signed with ${name}  in `));
    const built = readFileSync(join(cwd, "built"));
    assert.ok(readFileSync(join(cwd, "later")).equals(built));
    assert.ok(readFileSync(join(cwd, "piped")).equals(built));

    await runOk("mender-artifact", ["validate", "-k", publicFile, join(cwd, "built")]);
    assert.match(await runOk("mender-artifact", ["read", "-k", publicFile, join(cwd, "built")]), /verified correctly/);
    const { artifact } = decodeText(Inspection, await ok(made, "inspect", "built", "--json"));
    assert.deepEqual([artifact?.signed, artifact?.signature], [true, kind]);
    assert.match(await ok(made, "inspect", "built"), new RegExp(`^signed +yes, with ${name} \\(not checked\\)$`, "m"));
    assert.match(await ok(made, "verify", "built", "--key", publicFile), /, signed with .*public\.pem\)\n$/);
  });
}

test("verify takes what mender-artifact signed; a missing or wrong signature has status 6", async (t) => {
  if (!requireTool(t, "mender-artifact")) return;
  const made = await sample(t);
  const { aircrate, cwd } = made;
  const [key, other] = [keyFiles(t, "ec"), keyFiles(t, "rsa")];
  await runOk("mender-artifact", ["sign", join(cwd, "plain"), "-k", key.privateFile, "-o", join(cwd, "theirs")]);
  await ok(made, "verify", "theirs", "--key", other.publicFile, "--key", key.publicFile);
  const refused = async (file: string, pattern: RegExp) => {
    const { status, stdout, stderr } = await aircrate.run(["verify", file, "--key", other.publicFile]);
    assert.deepEqual([status, stdout], [6, ""], stderr);
    assert.match(stderr, pattern);
  };
  await refused(
    "theirs",
    /^ {2}manifest\.sig: the signature, ECDSA P-256, is not one of this manifest by .* \(RSA 2048\)$/m,
  );
  await refused("plain", /^ {2}artifact: is not signed$/m);
  // Signed anew in place, it is the other's.
  assert.match(await ok(made, "sign", "theirs", "-k", other.privateFile), /; the signature before is gone\n$/);
  await ok(made, "verify", "theirs", "-k", other.publicFile);
  assert.notEqual((await run("mender-artifact", ["validate", "-k", key.publicFile, join(cwd, "theirs")])).status, 0);
  await runOk("mender-artifact", ["validate", "-k", other.publicFile, join(cwd, "theirs")]);
});

test("the Mender client with a key installs what is signed with it, and nothing else", async (t) => {
  if (!requireRoot(t) || !requireTool(t, "mender")) return;
  const made = await sample(t);
  const { cwd } = made;
  const [rsa, ec] = [keyFiles(t, "rsa"), keyFiles(t, "ec")];
  await ok(made, "sign", "plain", "--key", rsa.privateFile, "-o", "rsa");
  await ok(made, "build", "app", "-o", "ec", "--sign", ec.privateFile);
  const install = (file: string, { publicFile }: KeyFiles) =>
    menderInstall(t, join(cwd, file), { verifyKey: publicFile });
  for (const [file, key] of [
    ["rsa", rsa],
    ["ec", ec],
  ] as const) {
    const done = await install(file, key);
    assert.equal(done?.status, 0, done?.stderr);
    assert.equal(done?.artifactName, "com.example.app:1.0.0");
  }
  for (const [file, key] of [
    ["plain", ec],
    ["rsa", ec],
    ["ec", rsa],
  ] as const) {
    const done = await install(file, key);
    assert.deepEqual(
      [done?.status, done?.artifactName, done?.calls],
      [1, "factory-image", []],
      `${file}: ${done?.stderr}`,
    );
  }
});

test("a key that cannot sign is refused before anything is done, and shows nothing of itself", async (t) => {
  const { aircrate, cwd } = await sample(t);
  const { privateFile, publicFile, privateKey } = keyFiles(t, "ec");
  const open = join(cwd, "open.pem");
  copyFileSync(privateFile, open);
  chmodSync(open, 0o644);
  const pem = pemOf(privateKey);
  const spoilt = pem.replace(/\n.{8}/, "\nAAAAAAAA");
  writeFileSync(join(cwd, "spoilt.pem"), spoilt);
  const passphrase = "a passphrase of some length";
  const encrypted = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase }).toString();
  writeFileSync(join(cwd, "encrypted.pem"), encrypted);
  const { d } = privateKey.export({ format: "jwk" });
  const secrets = [pem, spoilt, encrypted].flatMap((text) =>
    text.split("\n").filter((line) => /^[^-]{16,}$/.test(line)),
  );
  const forms = [d!, Buffer.from(d!, "base64url").toString("hex"), ...secrets].flatMap(formsOf);
  const seen = async (args: string[], status: number, pattern: RegExp, input?: string) => {
    const env = { AIRCRATE_DEBUG: "1" };
    const done = await aircrate.run(args, { env, ...(input !== undefined && { input }) });
    assert.equal(done.status, status, done.stderr);
    assert.match(done.stderr, pattern);
    for (const form of forms)
      assert.ok(!`${done.stdout}${done.stderr}`.includes(form), `${args.join(" ")} shows the key`);
  };
  await seen(["build", "app", "-o", "x", "--sign", "spoilt.pem"], 3, /^aircrate: spoilt\.pem: the private key cannot/m);
  await seen(["build", "app", "-o", "x", "--sign", "encrypted.pem"], 3, /openssl pkey -in KEY\.pem \| aircrate/);
  await seen(["build", "app", "-o", "x", "--sign", publicFile], 3, /holds a public key/);
  await seen(["build", "app", "-o", "x", "--sign", "gone.pem"], 4, /gone\.pem: no such file/);
  await seen(["build", "app", "-o", "x", "--sign", "-"], 3, /the key on stdin: the private key cannot be read/, spoilt);
  await seen(["build", "app", "-o", "x", "--format", "oci", "--sign", privateFile], 2, /only an \.auterionos file/);
  await seen(["sign", "plain", "--key", "spoilt.pem"], 3, /the private key cannot be read/);
  await seen(["sign", "spoilt.pem", "--key", privateFile], 3, /spoilt\.pem/);
  await seen(["verify", "plain", "--key", privateFile], 3, /is a private key/);
  await seen(["sign", "plain"], 2, /key/);
  // One that others can read does sign, with a warning.
  await seen(["sign", "plain", "--key", open, "-o", "signed"], 0, /^warning: .*open\.pem: other users .*chmod 600/m);
  await seen(["sign", "plain", "--key", privateFile, "-o", "signed"], 0, /^(?!warning)/);
});
