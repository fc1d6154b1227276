import type { EmbeddedRegistry, Fault, FaultHook, RegistryRequest } from "../../support/embedded-registry.ts";
import { CONFIG, INDEX, LAYER, LAYER_BYTES, LAYER_SIZE, MANIFEST } from "./image.ts";

export interface Case {
  readonly name: string;
  /** What the registry does wrong; `other` is a second one on another port, with the same content. */
  readonly fault: (other: EmbeddedRegistry) => FaultHook;
  /** Exit status of the build. 0: it has the right bytes. */
  readonly status: number;
  /** What is said on standard error. */
  readonly says?: readonly RegExp[];
  readonly args?: readonly string[];
  /** Requests for the large layer, as `STATUS RANGE`. */
  readonly layer?: readonly string[];
  /** How often the faulty thing is asked for, when it is not the layer. */
  readonly times?: number;
}

/** Spoils the answers about one thing, the first ones or all. */
function spoil(what: (request: RegistryRequest) => boolean, faults: readonly Fault[] | Fault): Case["fault"] {
  const list = Array.isArray(faults) ? (faults as readonly Fault[]) : undefined;
  return () => (request) => {
    if (!what(request)) return undefined;
    return list === undefined ? (faults as Fault) : list[request.attempt - 1];
  };
}

const isLayer = ({ kind, reference }: RegistryRequest) => kind === "blob" && reference === LAYER;
const isConfig = ({ kind, reference }: RegistryRequest) => kind === "blob" && reference === CONFIG;
const isIndex = ({ kind, reference }: RegistryRequest) => kind === "manifest" && reference === "1";
const isManifest = ({ kind, reference }: RegistryRequest) => kind === "manifest" && reference === MANIFEST;
const isPing = ({ kind }: RegistryRequest) => kind === "ping";

function status(code: number, headers: Record<string, string> = {}): Fault {
  return { answer: { status: code, headers, body: "" } };
}

const half = Math.floor(LAYER_SIZE / 2);
const from = (start: number) => `bytes=${start}-`;
const whole = "200 all";
const rest = (start: number) => `206 ${from(start)}`;
const cut = (cutAfter: number): Fault => ({ cutAfter });
const QUICK = ["--timeout", "1"];

/** Blobs on the way. */
const LAYERS: readonly Case[] = [
  { name: "no fault", fault: () => () => undefined, status: 0, layer: [whole] },
  { name: "cut in the middle", fault: spoil(isLayer, [cut(half)]), status: 0, layer: [whole, rest(half)] },
  {
    name: "reset in the middle",
    fault: spoil(isLayer, [{ cutAfter: half, reset: true }]),
    status: 0,
  },
  {
    name: "cut five times",
    fault: spoil(isLayer, [cut(1000), cut(1000), cut(1000), cut(1000), cut(1000)]),
    status: 0,
    layer: [whole, rest(1000), rest(2000), rest(3000), rest(4000), rest(5000)],
  },
  {
    name: "cut again and again, but always a step further",
    fault: spoil(
      isLayer,
      Array.from({ length: 12 }, () => cut(30_000)),
    ),
    status: 0,
  },
  {
    name: "cut before the last byte",
    fault: spoil(isLayer, [cut(LAYER_SIZE - 1)]),
    status: 0,
    layer: [whole, rest(LAYER_SIZE - 1)],
  },
  { name: "cut before the first byte", fault: spoil(isLayer, [cut(0)]), status: 0, layer: [whole, whole] },
  {
    name: "cut before the first byte, always",
    fault: spoil(isLayer, cut(0)),
    status: 4,
    says: [/connection was cut|broke/],
  },
  {
    name: "cut, and then no ranges",
    fault: spoil(isLayer, [cut(half), { ignoreRange: true }]),
    status: 0,
    layer: [whole, `200 ${from(half)}`],
  },
  {
    name: "cut, then no ranges and cut again",
    fault: spoil(isLayer, [cut(half), { ignoreRange: true, cutAfter: 1000 }]),
    status: 0,
  },
  {
    name: "cut, and then 416",
    fault: spoil(isLayer, [cut(half), status(416)]),
    status: 0,
    layer: [whole, `416 ${from(half)}`, whole],
  },
  {
    name: "cut, and then another range than asked for",
    fault: spoil(isLayer, [cut(half), { headers: { "content-range": `bytes 0-${LAYER_SIZE - 1}/${LAYER_SIZE}` } }]),
    status: 0,
  },
  {
    name: "cut, and then a range that is not said",
    fault: spoil(isLayer, [cut(half), { headers: { "content-range": null } }]),
    status: 0,
  },
  {
    name: "cut, and then other bytes",
    fault: spoil(isLayer, [cut(half), { corruptAt: 10 }]),
    status: 0,
    layer: [whole, rest(half), whole],
  },
  {
    name: "other bytes, then cut, then the right ones",
    fault: spoil(isLayer, [{ corruptAt: 10, cutAfter: half }]),
    status: 0,
  },
  { name: "cut, and then an error", fault: spoil(isLayer, [cut(half), status(503)]), status: 0 },
  {
    name: "cut, and then gone for a while",
    fault: spoil(isLayer, [cut(half), status(404)]),
    status: 0,
    layer: [whole, `404 ${from(half)}`, rest(half)],
  },
  {
    name: "other bytes, always",
    fault: spoil(isLayer, { corruptAt: 10 }),
    status: 6,
    says: [/wanted sha256:/, /received sha256:/],
  },
  {
    name: "more than announced",
    fault: spoil(isLayer, { answer: { status: 200, body: Buffer.concat([LAYER_BYTES, Buffer.alloc(5000)]) } }),
    status: 6,
    says: [/announced/],
  },
  {
    name: "less than announced, as if it were all, always",
    fault: spoil(isLayer, { answer: { status: 200, body: LAYER_BYTES.subarray(0, half) } }),
    status: 6,
    says: [/announced size/],
  },
  { name: "a length that is too large", fault: spoil(isLayer, [{ contentLength: LAYER_SIZE + 1000 }]), status: 6 },
  { name: "no length", fault: spoil(isLayer, { contentLength: null }), status: 0, layer: [whole] },
  { name: "no length, and cut", fault: spoil(isLayer, [{ contentLength: null, cutAfter: half }]), status: 0 },
  {
    name: "nothing",
    fault: spoil(isLayer, { answer: { status: 200, body: "" } }),
    status: 6,
    says: [/announced size/],
  },
  {
    name: "falls silent in the middle",
    fault: spoil(isLayer, [{ stallAfter: half }]),
    status: 0,
    args: QUICK,
    layer: [whole, rest(half)],
  },
  {
    name: "falls silent before the answer",
    fault: spoil(isLayer, [{ stallAfter: "request" }]),
    status: 0,
    args: QUICK,
  },
  { name: "always falls silent", fault: spoil(isLayer, { stallAfter: 0 }), status: 4, args: QUICK, says: [/silent/] },
  { name: "slow", fault: spoil(isLayer, { bytesPerSecond: 1_500_000 }), status: 0, args: QUICK, layer: [whole] },
  {
    name: "a page instead of a layer",
    fault: spoil(isLayer, {
      answer: { status: 200, headers: { "content-type": "text/html" }, body: "<html>log in</html>" },
    }),
    status: 6,
    says: [/announced size/],
  },
];

/** Answers that are no content. */
const STATUSES: readonly Case[] = [
  ...[408, 429, 500, 502, 503, 504].map(
    (code): Case => ({
      name: `${code} once`,
      fault: spoil(isLayer, [status(code)]),
      status: 0,
      layer: [`${code} all`, whole],
    }),
  ),
  { name: "503 with a time to wait", fault: spoil(isLayer, [status(503, { "retry-after": "1" })]), status: 0 },
  {
    name: "429 with a date to wait for",
    fault: () => (request) =>
      isLayer(request) && request.attempt === 1
        ? status(429, { "retry-after": new Date(Date.now() + 1000).toUTCString() })
        : undefined,
    status: 0,
  },
  {
    name: "429 until tomorrow",
    fault: spoil(isLayer, status(429, { "retry-after": "86400" })),
    status: 4,
    says: [/429/, /come back later/],
  },
  { name: "500 always", fault: spoil(isLayer, status(500)), args: ["--retries", "2"], status: 4, says: [/500/] },
  { name: "501", fault: spoil(isLayer, status(501)), status: 4, layer: ["501 all"] },
  { name: "404", fault: spoil(isLayer, status(404)), status: 4, layer: ["404 all"] },
  { name: "403", fault: spoil(isLayer, status(403)), status: 5, layer: ["403 all"] },
  { name: "401 without a challenge", fault: spoil(isLayer, status(401)), status: 5, layer: ["401 all"] },
];

/** Manifests, configs and the first contact. */
const DOCUMENTS: readonly Case[] = [
  { name: "index cut", fault: spoil(isIndex, [cut(20)]), status: 0, times: 2 },
  { name: "index 502 twice", fault: spoil(isIndex, [status(502), status(502)]), status: 0, times: 3 },
  {
    name: "index with another digest than its header says",
    fault: spoil(isIndex, { headers: { "docker-content-digest": `sha256:${"1".repeat(64)}` } }),
    status: 6,
    says: [/wanted sha256:1111/],
  },
  {
    name: "index without a digest in its header",
    fault: spoil(isIndex, { headers: { "docker-content-digest": null } }),
    status: 0,
  },
  { name: "index with other bytes", fault: spoil(isIndex, { corruptAt: 5 }), status: 6 },
  {
    name: "index that is a page",
    fault: spoil(isIndex, {
      answer: { status: 200, headers: { "content-type": "text/html" }, body: "<html>log in</html>" },
    }),
    status: 6,
    says: [/not JSON/],
  },
  {
    name: "index of 5 MiB",
    fault: spoil(isIndex, { answer: { status: 200, body: " ".repeat(5 * 1024 * 1024) } }),
    status: 6,
    says: [/larger than 4194304/],
  },
  {
    name: "index of schema 1",
    fault: spoil(isIndex, { answer: { status: 200, body: '{"schemaVersion":1,"fsLayers":[]}' } }),
    status: 3,
    says: [/schema 1/],
  },
  {
    name: "index not there",
    fault: spoil(isIndex, status(404)),
    status: 4,
    says: [/there is no such image/],
    times: 1,
  },
  { name: "manifest cut", fault: spoil(isManifest, [cut(20)]), status: 0, times: 2 },
  {
    name: "manifest with other bytes",
    fault: spoil(isManifest, { corruptAt: 5 }),
    status: 6,
    says: [new RegExp(`wanted ${MANIFEST}`)],
  },
  {
    name: "manifest that is the index",
    fault: (other) => (request) =>
      isManifest(request) ? { redirect: `${other.url}/v2/base/manifests/${INDEX}` } : undefined,
    status: 6,
  },
  { name: "config cut", fault: spoil(isConfig, [cut(20)]), status: 0, times: 2 },
  {
    name: "config with other bytes",
    fault: spoil(isConfig, { corruptAt: 5 }),
    status: 6,
    says: [new RegExp(`wanted ${CONFIG}`)],
  },
  { name: "config that falls silent", fault: spoil(isConfig, [{ stallAfter: 5 }]), status: 0, args: QUICK, times: 2 },
  { name: "first contact 503", fault: spoil(isPing, [status(503)]), status: 0 },
  { name: "first contact cut", fault: spoil(isPing, [{ cutAfter: 0, contentLength: 10 }]), status: 0 },
  { name: "first contact without an API", fault: spoil(isPing, status(404)), status: 0 },
];

/** Layers that lie elsewhere. */
const REDIRECTS: readonly Case[] = [
  {
    name: "redirect",
    fault: (other) => (request) => (isLayer(request) ? { redirect: `${other.url}/v2/base/blobs/${LAYER}` } : undefined),
    status: 0,
  },
  {
    name: "redirect, cut there",
    fault: (other) => {
      other.setFault(spoil(isLayer, [cut(half)])(other));
      return (request) => (isLayer(request) ? { redirect: `${other.url}/v2/base/blobs/${LAYER}` } : undefined);
    },
    status: 0,
    layer: ["307 all", `307 ${from(half)}`],
  },
  {
    name: "redirect to itself",
    fault: spoil(isLayer, { redirect: `/v2/base/blobs/${LAYER}` }),
    status: 4,
    says: [/redirects/],
  },
  {
    name: "redirect to another scheme",
    fault: spoil(isLayer, { redirect: "ftp://127.0.0.1/layer" }),
    status: 4,
    says: [/redirects in a way that is not followed/],
  },
  {
    name: "redirect to a port where nothing listens, once",
    fault: spoil(isLayer, [{ redirect: "http://127.0.0.1:1/layer" }]),
    args: ["--retries", "1"],
    status: 4,
    says: [/127\.0\.0\.1:1/],
  },
  {
    name: "redirect with credentials in the address",
    fault: spoil(isLayer, { redirect: "http://me:hunter2@127.0.0.1:1/layer" }),
    status: 4,
    says: [/credentials in its address/],
  },
];

export const CASES: readonly Case[] = [...LAYERS, ...STATUSES, ...DOCUMENTS, ...REDIRECTS];
export { isLayer };
