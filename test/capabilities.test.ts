import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { CAPABILITY_XATTR, encodeCapabilities } from "../lib/capabilities.ts";
import { tempDir } from "./support/cleanup.ts";
import { run, runOk } from "./support/run.ts";
import { requireRoot, requireThat, requireTool } from "./support/tools.ts";
import { parse } from "./tar/parsing.ts";

function hexOf(text: string): string {
  return Buffer.from(encodeCapabilities(text)).toString("hex");
}

describe("known bytes", () => {
  for (const [text, hex] of [
    ["cap_net_raw,cap_net_admin+ep", "0100000200300000000000000000000000000000"],
    ["cap_net_bind_service=ep", "0100000200040000000000000000000000000000"],
    ["cap_checkpoint_restore=p", "0000000200000000000000000001000000000000"],
    ["=ep", "01000002ffffffff00000000ff01000000000000"],
  ] as const) {
    test(text, () => assert.equal(hexOf(text), hex));
  }
});

/** Clauses of one to three operators, some of which make no sense. */
const TEXTS = [
  ...["=", "=ep", "=p cap_chown-p", "=e", "all=ep", "ALL=p", "all+e", "all=eip cap_kill-i"],
  ...["cap_chown=", "CAP_CHOWN=p", "cap_chown+e", "cap_chown=p+e", "cap_chown+p-p", "cap_chown=pp", "cap_chown=+p"],
  ...["cap_chown=eip cap_kill=eip", " cap_chown=p\tcap_kill+p ", "cap_net_raw,cap_net_admin,cap_setfcap+eip"],
  ...["cap_chown=ep cap_kill+i", "cap_chown=e cap_kill+p", "cap_chown=ep cap_kill+p", "cap_chown=ei-e"],
  ...["cap_chown", "cap_chown+", "cap_chown-", "cap_chown=p-", "cap_chown=p=e", "+ep", "-ep", "cap_chown=x", "chown=p"],
  ...["cap_bogus=p", "cap_chown,", "cap_chown,=p", ",cap_chown=p", "cap_chown =p", "cap_chown= p", "cap_chown+ep,x"],
];

test("the bytes are those of the real setcap, and what it refuses is refused", async (t) => {
  const write = await findSetcap(t);
  if (write === undefined) return;
  for (const text of TEXTS) {
    const theirs = await write(text);
    if (theirs === undefined) assert.throws(() => encodeCapabilities(text), Error, text);
    else assert.equal(hexOf(text), theirs, text);
  }
});

test("every capability has its number", async (t) => {
  if (!requireTool(t, "capsh")) return;
  const names = (await runOk("capsh", ["--decode=1ffffffffff"])).trim().replace(/^.*=/, "").split(",");
  assert.equal(names.length, 41);
  for (const [i, name] of names.entries()) {
    const bytes = Buffer.from(encodeCapabilities(`${name}+p`));
    assert.equal(BigInt(bytes.readUInt32LE(4)) | (BigInt(bytes.readUInt32LE(12)) << 32n), 1n << BigInt(i), name);
  }
});

test("errors say what is wrong", () => {
  for (const [text, message] of [
    ["", /^it names no capability$/],
    ["net_raw=ep", /^there is no capability "net_raw"/],
    ["cap_net_row+ep", /did you mean `cap_net_raw`\?$/],
    ["cap_net_raw", /^"cap_net_raw" is not of the form NAMES\+FLAGS/],
    ["+ep", /^"\+ep" names no capability$/],
    ["cap_chown=ep cap_kill+i", /to all of the capabilities or to none$/],
  ] as const) {
    assert.throws(() => encodeCapabilities(text), { message });
  }
});

/** Sets capabilities with setcap and reads the attribute with GNU tar; undefined for what setcap refuses. */
async function findSetcap(t: TestContext): Promise<((text: string) => Promise<string | undefined>) | undefined> {
  if (!requireTool(t, "setcap", "tar") || !requireRoot(t)) return undefined;
  const dir = tempDir(t);
  const write = async (text: string) => {
    writeFileSync(join(dir, "program"), "");
    await run("setcap", ["-r", "program"], { cwd: dir });
    if ((await run("setcap", ["-q", text, "program"], { cwd: dir })).status !== 0) return undefined;
    const args = ["--create", "--xattrs", "--xattrs-include=*", "-f", "-", "program"];
    const tar = await runOk("sh", ["-c", `tar ${args.map((arg) => `'${arg}'`).join(" ")} | base64 -w0`], { cwd: dir });
    const { members } = parse(Buffer.from(tar, "base64"));
    const value = members[0]?.xattrs?.get(CAPABILITY_XATTR);
    assert.ok(value !== undefined);
    return Buffer.from(value).toString("hex");
  };
  const works = (await write("cap_chown+p").catch(() => undefined)) !== undefined;
  return requireThat(t, works ? undefined : "the file system keeps no capabilities") ? write : undefined;
}
