import { createHash } from "node:crypto";

/** Media types of the distribution, image and Docker specifications that the seeded images use. */
export const MEDIA = {
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar+gzip",
  inToto: "application/vnd.in-toto+json",
} as const;

/** Where to push: a registry over plain http, Basic credentials if it wants some, and the repository. */
export interface PushTarget {
  /** Such as `http://127.0.0.1:5000`. */
  readonly url: string;
  readonly repository: string;
  readonly user?: string;
  readonly password?: string;
}

export interface PushedDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Uploads a blob in one piece, unless the repository has it (distribution API: POST, then PUT with `digest`). */
export async function pushBlob(
  target: PushTarget,
  bytes: Uint8Array<ArrayBuffer>,
  mediaType: string,
): Promise<PushedDescriptor> {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  const blobs = `/v2/${target.repository}/blobs`;
  const known = await call(target, `${blobs}/${descriptor.digest}`, { method: "HEAD" });
  if (known.status === 200) return descriptor;
  const begun = await expectStatus(202, await call(target, `${blobs}/uploads/`, { method: "POST" }));
  const location = new URL(begun.headers.get("location") ?? "", target.url);
  location.searchParams.set("digest", descriptor.digest);
  const headers = { "content-type": "application/octet-stream" };
  await expectStatus(201, await call(target, location, { method: "PUT", headers, body: bytes }));
  return descriptor;
}

/** Puts a manifest or index, given as the value to serialise, under a tag or, without one, under its digest. */
export async function pushManifest(
  target: PushTarget,
  manifest: { readonly mediaType: string; readonly [key: string]: unknown },
  tag?: string,
): Promise<PushedDescriptor> {
  const { mediaType } = manifest;
  const bytes = jsonBytes(manifest);
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  const path = `/v2/${target.repository}/manifests/${tag ?? descriptor.digest}`;
  const headers = { "content-type": mediaType };
  await expectStatus(201, await call(target, path, { method: "PUT", headers, body: bytes }));
  return descriptor;
}

export function jsonBytes(value: object): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(JSON.stringify(value)));
}

interface Call {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

function call({ url, user, password }: PushTarget, path: string | URL, { headers, ...rest }: Call): Promise<Response> {
  const basic: Record<string, string> =
    user === undefined ? {} : { authorization: `Basic ${btoa(`${user}:${password ?? ""}`)}` };
  return fetch(new URL(path, url), { ...rest, headers: { ...basic, ...headers } });
}

async function expectStatus(status: number, response: Response): Promise<Response> {
  const text = await response.text();
  if (response.status !== status) throw new Error(`${response.url}: ${response.status}, not ${status}: ${text}`);
  return response;
}
