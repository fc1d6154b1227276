import assert from "node:assert/strict";
import test from "node:test";
import { bypasses } from "../../lib/http/no-proxy.ts";

test("NO_PROXY: which servers are asked without a proxy", () => {
  for (const [list, direct, proxied] of [
    ["", ["localhost", "localhost:5000", "localhost.", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000"], ["example.com"]],
    ["", ["[::ffff:127.0.0.1]:1"], ["localhost.example.com", "128.0.0.1", "[::2]", "0.0.0.0"]],
    ["*", ["example.com", "10.0.0.1:5000", "[fd00::1]"], []],
    ["x.test , *", ["example.com"], []],
    ["example.com", ["example.com", "EXAMPLE.com:5000", "a.b.example.com", "example.com."], ["notexample.com"]],
    ["example.com", [], ["example.com.org", "com", "10.0.0.1"]],
    [".example.com", ["a.example.com", "a.b.example.com:5000"], ["example.com", "notexample.com"]],
    ["*.example.com", ["a.example.com"], ["example.com"]],
    ["Example.COM.", ["example.com", "a.example.com"], []],
    ["example.com:5000", ["example.com:5000", "a.example.com:5000"], ["example.com", "example.com:5001"]],
    ["example.com:443", ["example.com", "example.com:443"], ["example.com:5000"]],
    ["a.test,b.test c.test\td.test", ["a.test", "b.test", "c.test", "d.test"], ["e.test"]],
    ["10.1.2.3", ["10.1.2.3", "10.1.2.3:5000"], ["10.1.2.4", "110.1.2.3"]],
    ["10.1.2.3:5000", ["10.1.2.3:5000"], ["10.1.2.3"]],
    ["10.0.0.0/8", ["10.255.0.1:5000", "[::ffff:10.1.1.1]"], ["11.0.0.1", "host.10.0.0.1.test"]],
    ["192.168.1.128/25", ["192.168.1.200"], ["192.168.1.1"]],
    ["fd00::/8", ["[fd12::1]:5000"], ["[fe80::1]", "10.0.0.1"]],
    ["2001:db8::1", ["[2001:db8::1]", "[2001:DB8:0::1]:5000"], ["[2001:db8::2]"]],
    ["[2001:db8::1]", ["[2001:db8::1]:5000"], ["[2001:db8::2]"]],
    ["[2001:db8::1]:5000", ["[2001:db8::1]:5000"], ["[2001:db8::1]"]],
    ["0.0.0.0/0", ["9.9.9.9"], ["[2001:db8::1]", "example.com"]],
    // What is none of these matches nothing.
    ["10.0.0.0/33,10.0.0.0/x,/8,10.0.0.0/8/8,::/129,10.*,<local>,:80,.,*.", [], ["10.0.0.1", "example.com", "[::2]"]],
  ] as const) {
    for (const host of direct) assert.equal(bypasses(new URL(`https://${host}/v2/`), list), true, `${list}: ${host}`);
    for (const host of proxied) assert.equal(bypasses(new URL(`https://${host}/v2/`), list), false, `${list}: ${host}`);
  }
  assert.equal(bypasses(new URL("http://example.com/"), "example.com:80"), true, "the scheme's own port");
  assert.equal(bypasses(new URL("http://example.com/"), "example.com:443"), false);
});
