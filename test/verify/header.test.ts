import { findsAll, on, swap } from "./mutation.ts";
import { edit, flip } from "./sample-archive.ts";

findsAll("header", [
  ["type-info in front", { header: (h) => swap(h, 0, 1) }, "header.tar.gz/header-info", /stands behind/],
  [
    "meta-data in front of type-info",
    { header: (h) => swap(h, 1, 2) },
    "header.tar.gz/headers/0000/type-info",
    /stands behind/,
  ],
  ["no header-info", { header: (h) => h.slice(1) }, "header.tar.gz", /has no header-info/],
  ["no type-info", { header: (h) => [h[0]!, h[2]!] }, "header.tar.gz", /has no headers\/0000\/type-info/],
  [
    "a further file",
    { header: (h) => [...h, { path: "headers/0000/files", data: "{}" }] },
    "header.tar.gz/headers/0000/files",
    /no member of a header/,
  ],
  ["a member twice", { header: (h) => [h[0]!, ...h] }, "header.tar.gz/header-info", /occurs twice/],
  [
    "empty meta-data",
    { header: (h) => edit(h, "headers/0000/meta-data", { data: "" }) },
    "header.tar.gz/headers/0000/meta-data",
    /is empty/,
  ],
  [
    "meta-data a list",
    { header: (h) => edit(h, "headers/0000/meta-data", { data: "[]" }) },
    "header.tar.gz/headers/0000/meta-data",
    /not a JSON object/,
  ],
  [
    "meta-data no JSON",
    { header: (h) => edit(h, "headers/0000/meta-data", { data: "{" }) },
    "header.tar.gz/headers/0000/meta-data",
    /JSON/,
  ],
  ["auterion-metadata no JSON", { metaData: () => ({ "auterion-metadata": "{" }) }, /auterion-metadata$/, /JSON/],
  [
    "no device type",
    { info: on((i) => (i.artifact_depends.device_type = [])) },
    "header.tar.gz/header-info",
    /device_type/,
  ],
  [
    "a device type that is a text",
    { info: on((i) => (i.artifact_depends.device_type = "skynode")) },
    "header.tar.gz/header-info",
    /device_type/,
  ],
  [
    "no artifact name",
    { info: on((i) => delete i.artifact_provides.artifact_name) },
    "header.tar.gz/header-info",
    /artifact_name/,
  ],
  [
    "an empty artifact name",
    { info: on((i) => (i.artifact_provides.artifact_name = "")) },
    "header.tar.gz/header-info",
    /artifact_name "" is not/,
  ],
  ["a further key", { info: (d) => ({ ...d, more: 1 }) }, "header.tar.gz/header-info", /more/],
  ["two payloads", { info: on((i) => i.payloads.push({ type: "docker" })) }, "header.tar.gz/header-info", /2 payloads/],
  [
    "types that differ",
    { typeInfo: (d) => ({ ...d, type: "single-file" }) },
    "header.tar.gz/header-info",
    /type is docker, but single-file/,
  ],
  [
    "provides with a list",
    { typeInfo: on((i) => (i.artifact_provides.x = ["a"])) },
    "header.tar.gz/headers/0000/type-info",
    /artifact_provides/,
  ],
  ["a damaged header", { headerFile: (b) => flip(b, b.length - 6) }, "header.tar.gz", /CRC-32/],
  [
    "bytes behind the header",
    { headerFile: (b) => Buffer.concat([b, b.subarray(0, 3)]) },
    "header.tar.gz",
    /too early/,
  ],
]);
