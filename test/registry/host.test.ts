import assert from "node:assert/strict";
import test from "node:test";
import { apiHost, isLoopback, parseHost } from "../../lib/registry/host.ts";
import { throwsWith } from "../support/faults.ts";

test("only this machine is loopback", () => {
  for (const host of [
    "localhost",
    "localhost:5000",
    "127.0.0.1",
    "127.0.0.1:5000",
    "127.1.2.3",
    "[::1]",
    "[::1]:5000",
  ]) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of [
    "localhost.example.com",
    "mylocalhost",
    "localhost.",
    "127.0.0.1.example.com",
    "127.example.com",
    "1127.0.0.1",
    "0.0.0.0",
    "10.0.0.1:5000",
    "[::2]:5000",
    "[fe80::1]",
    "docker.io",
    "",
  ]) {
    assert.equal(isLoopback(host), false, host);
  }
});

test("where a registry is asked", () => {
  assert.equal(apiHost("docker.io"), "registry-1.docker.io");
  assert.equal(apiHost("ghcr.io"), "ghcr.io");
});

test("hosts", () => {
  for (const host of ["registry.example.com", "registry.example.com:5000", "10.0.0.1:80", "[::1]:5000"]) {
    assert.equal(parseHost(host), host);
  }
  for (const text of [
    "",
    "https://host",
    "host/path",
    "user@host",
    "a b",
    "host:99999",
    "host:port",
    "host?",
    "host#",
    "a=b",
  ]) {
    throwsWith(() => parseHost(text), "usage", /HOST\[:PORT\]/);
  }
});
