import assert from "node:assert/strict";
import { test } from "node:test";
import { imageOptions } from "../../cli/image-options.ts";
import type { MakingArguments } from "../../cli/making.ts";
import { rejectsWith } from "../support/faults.ts";

const ARGUMENTS: MakingArguments = {
  ...{ mirror: [], ca: [], "insecure-registry": [], retries: 5, "retry-max-wait": 60, timeout: 60 },
  ...{ offline: false, split: "none" },
};

function cacheOf(args: Partial<MakingArguments>, env: NodeJS.ProcessEnv = {}) {
  return imageOptions({ ...ARGUMENTS, ...args }, { XDG_CONFIG_HOME: "/nonexistent", ...env });
}

test("the layer cache: options come before the environment, and what a project names before nothing", async () => {
  const [here, there] = ["registry.example.com/here", "registry.example.com/there"];
  const cases: readonly (readonly [args: Partial<MakingArguments>, env: NodeJS.ProcessEnv, cache: unknown])[] = [
    [{}, {}, undefined],
    [{}, { AIRCRATE_CACHE: "", AIRCRATE_CACHE_MODE: "" }, undefined],
    [{ "cache-mode": "read" }, {}, undefined],
    [{ cache: here }, { AIRCRATE_CACHE: there }, { repository: here, mode: "read" }],
    [{}, { AIRCRATE_CACHE: there, AIRCRATE_CACHE_MODE: "read-write" }, { repository: there, mode: "read-write" }],
    [
      { "cache-mode": "read" },
      { AIRCRATE_CACHE: there, AIRCRATE_CACHE_MODE: "read-write" },
      { repository: there, mode: "read" },
    ],
    [{ cache: "off" }, { AIRCRATE_CACHE: there, AIRCRATE_CACHE_MODE: "read-write" }, "off"],
    [{}, { AIRCRATE_CACHE: "off" }, "off"],
  ];
  for (const [args, env, cache] of cases) assert.deepEqual((await cacheOf(args, env)).cache, cache);
});

test("where something is pushed only the user says", async () => {
  const told = /name the repository with --cache or AIRCRATE_CACHE/;
  await rejectsWith(cacheOf({ "cache-mode": "read-write" }), "usage", told);
  await rejectsWith(cacheOf({}, { AIRCRATE_CACHE_MODE: "read-write" }), "usage", told);
  await rejectsWith(cacheOf({}, { AIRCRATE_CACHE_MODE: "write" }), "usage", /neither read nor read-write/);
});
