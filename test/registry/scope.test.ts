import assert from "node:assert/strict";
import test from "node:test";
import { mergeScopes } from "../../lib/registry/scope.ts";

test("each resource once, with all its actions", () => {
  const own = "repository:a/b:pull";
  for (const [texts, expected] of [
    [[undefined], []],
    [[own, undefined], [own]],
    [[own, ""], [own]],
    [[own, own], [own]],
    [[own, "repository:a/b:pull,push"], ["repository:a/b:pull,push"]],
    [[own, "repository:a/b:push,pull repository:a/b:delete"], ["repository:a/b:pull,push,delete"]],
    [
      [own, "repository:c:pull"],
      [own, "repository:c:pull"],
    ],
    [
      [own, "repository:a/b/c:pull"],
      [own, "repository:a/b/c:pull"],
    ],
    [
      [own, " registry:catalog:*  repository(plugin):a/b:pull"],
      [own, "registry:catalog:*", "repository(plugin):a/b:pull"],
    ],
    // A name may begin with a host, and that may have a port.
    [
      [own, "repository:r.example:5000/a:pull"],
      [own, "repository:r.example:5000/a:pull"],
    ],
    [[own, "repository:a/b a:b :: repository::pull openid"], [own]],
    [["repository:__proto__:pull", "repository:__proto__:push"], ["repository:__proto__:pull,push"]],
  ] as const) {
    assert.deepEqual(mergeScopes(...texts), expected);
  }
});
