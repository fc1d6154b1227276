import assert from "node:assert/strict";
import test from "node:test";
import { type Owner, ownerOfUser, resolveOwner } from "../../lib/image/owner.ts";
import { createRootFs } from "../../lib/image/rootfs.ts";
import { throwsWith } from "../support/faults.ts";

const PASSWD = [
  "root:x:0:0:root:/root:/bin/bash",
  "www-data:x:33:34:www-data:/var/www:/usr/sbin/nologin",
  "www:x:1:1::/:",
  "# comment",
  "",
  "blank:x:::/:",
  "blank-group:x:5::/:",
  "negative:x:-1:-1::/:",
  "hex:x:0x10:0x10::/:",
  "huge:x:4294967296:0::/:",
  "most:x:4294967295:4294967295::/:",
  "short:x",
  "twice:x:10:10::/:",
  "twice:x:11:11::/:",
  "1000:x:55:56::/:",
].join("\n");
const GROUP = "root:x:0:\nadm:x:4:syslog\nstaff:x:50:\nblank:x::\n";

const root = createRootFs();
root.apply({
  ...{ version: 1, directories: [], symlinks: [], whiteouts: [], opaque: [] },
  files: "etc/passwd\0etc/group",
  accounts: { passwd: PASSWD, group: GROUP },
});

test("numbers and names", () => {
  const table: readonly (readonly [owner: Owner, ids: string])[] = [
    [{ user: 0 }, "0:0"],
    [{ user: 1000 }, "1000:1000"],
    [{ user: 1000, group: 5 }, "1000:5"],
    [{ user: 1000, group: "staff" }, "1000:50"],
    [{ user: "www-data" }, "33:34"],
    [{ user: "www-data", group: "adm" }, "33:4"],
    [{ user: "www-data", group: 7 }, "33:7"],
    [{ user: "twice" }, "10:10"],
    [{ user: "most" }, "4294967295:4294967295"],
  ];
  for (const [owner, ids] of table) {
    const { uid, gid } = resolveOwner(owner, root, "Dockerfile:3");
    assert.equal(`${uid}:${gid}`, ids, JSON.stringify(owner));
  }
});

test("names that the image does not have, or has without a number", () => {
  const unknown = [
    "nobody",
    "ROOT",
    "www-dat",
    "",
    "x",
    "# comment",
    "blank",
    "blank-group",
    "negative",
    "hex",
    "huge",
  ];
  for (const user of [...unknown, "short", "__proto__", "constructor"]) {
    const error = throwsWith(() => resolveOwner({ user }, root, "Dockerfile:3"), "input", /\/etc\/passwd/, /number/);
    assert.equal(error.message, `Dockerfile:3: the image has no user ${user}`);
  }
  for (const group of ["wheel", "syslog", "blank"]) {
    throwsWith(() => resolveOwner({ user: 0, group }, root, "Dockerfile:3"), "input", /no group/, /\/etc\/group/);
  }
  throwsWith(() => resolveOwner({ user: "root-of-scratch" }, createRootFs(), "Dockerfile:3"), "input", /no user/);
});

test("USER of a config", () => {
  const table: readonly (readonly [user: string, owner: Owner])[] = [
    ["", { user: 0 }],
    ["root", { user: 0 }],
    ["0", { user: 0 }],
    ["1000", { user: 1000 }],
    ["1000:100", { user: 1000, group: 100 }],
    ["1000:root", { user: 1000, group: 0 }],
    ["user:staff", { user: "user", group: "staff" }],
    ["user:", { user: "user" }],
    [":5", { user: 0, group: 5 }],
    ["12345678901", { user: "12345678901" }],
  ];
  for (const [user, owner] of table) assert.deepEqual(ownerOfUser(user), owner, user);
});
