import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDeviceAddress } from "../../lib/device/address.ts";
import { throwsWith } from "../support/faults.ts";

test("the address of a device", () => {
  for (const [text, address] of [
    ["10.41.1.1", "10.41.1.1"],
    ["10.41.1.1:8080", "10.41.1.1:8080"],
    ["Skynode.local", "skynode.local"],
    ["http://skynode/", "skynode"],
    ["[fe80::1]:80", "[fe80::1]"],
  ] as const) {
    assert.equal(parseDeviceAddress(text), address);
  }
  for (const text of ["", "https://skynode", "me:secret@skynode", "skynode/apps", "a b", "a:99999", "fe80::1", "[x]"]) {
    throwsWith(() => parseDeviceAddress(text), "usage", /is not the address of a device/);
  }
});
