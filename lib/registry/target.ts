import { type Digest, digestOf } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { drop } from "../http/answer.ts";
import type { Transport } from "../http/transport.ts";
import type { Ask, PlaceAnswer, PlaceRequest } from "./client.ts";
import type { Place } from "./mirrors.ts";
import { pushError } from "./push-error.ts";
import { ACCEPT } from "./resolve.ts";
import { type UploadContent, uploadBlob } from "./upload.ts";
import { begunUpload, type Upload } from "./upload-place.ts";

/**
 * One repository to push to (distribution-spec 1.1, "Push"). Everything that it does may throw an AircrateError:
 * unreachable (network, answers), forbidden (no credentials that serve, read-only, no room).
 */
export interface RegistryTarget {
  /** Host and port, as the user knows it. */
  readonly host: string;
  readonly repository: string;
  /** Whether the repository has it, and what of it the registry tells. @param name tag or digest */
  has(kind: "blobs" | "manifests", name: string): Promise<FoundContent | undefined>;
  /**
   * Has a blob of another repository of this registry appear in this one.
   *
   * @returns false when it does not do so, for whatever reason: then it has to be uploaded
   */
  mount(digest: Digest, fromRepository: string): Promise<boolean>;
  /**
   * Uploads a blob, wherever the registry tells to. A connection that breaks is made anew, and goes on where the registry
   * has come to if that still knows.
   *
   * @throws AircrateError also integrity: what arrives does not have the digest; what the content fails with
   */
  upload(blob: { readonly digest: Digest; readonly size: number }, content: UploadContent): Promise<void>;
  /** @param name tag or digest @throws AircrateError also integrity: the registry got another manifest */
  putManifest(name: string, mediaType: string, bytes: Uint8Array): Promise<void>;
}

/** What is known of something in a repository. Registries need not tell everything. */
export interface FoundContent {
  readonly digest?: Digest;
  readonly size?: number;
  readonly mediaType?: string;
}

export interface TargetContext extends Pick<Transport, "patience"> {
  readonly ask: Ask;
}

export function createTarget(place: Place, { ask, patience }: TargetContext): RegistryTarget {
  const { host, repository } = place;
  const here = `${host}/${repository}`;
  const push = (request: Omit<PlaceRequest, "push">) => ask(place, { ...request, push: true });
  /** Uploads that the registry began since it did not mount. */
  const begun = new Map<Digest, Upload>();

  const target: RegistryTarget = {
    host,
    repository,
    async has(kind, name) {
      const isManifest = kind === "manifests";
      const where = isManifest ? named(name) : here;
      const accept = isManifest && { headers: { accept: ACCEPT } };
      const { answer, request } = await push({ to: `${kind}/${name}`, method: "HEAD", where, ...accept });
      // The storage that a registry sends on to may refuse a HEAD. To push what is there does no harm.
      const isStorage = answer.url.origin !== answer.asked.origin;
      if (answer.status !== 200 && answer.status !== 404 && !isStorage) throw await pushError(answer, request);
      await drop(answer.body);
      return answer.status === 200 ? foundContent(answer.headers) : undefined;
    },
    async mount(digest, fromRepository) {
      const to = `blobs/uploads/?${new URLSearchParams({ mount: digest, from: fromRepository })}`;
      const request = { to, method: "POST", where: here, mountFrom: fromRepository } as const;
      const { answer } = await push(request).catch(refused);
      if (answer === undefined) return false;
      await drop(answer.body);
      if (answer.status === 202) begun.set(digest, begunUpload(answer, here));
      return answer.status === 201;
    },
    async upload(blob, content) {
      const first = begun.get(blob.digest);
      begun.delete(blob.digest);
      const has = async () => (await target.has("blobs", blob.digest)) !== undefined;
      await uploadBlob(blob, content, { push, has, patience, where: here, ...(first && { begun: first }) });
    },
    async putManifest(name, mediaType, bytes) {
      const where = named(name);
      async function* open() {
        yield bytes;
      }
      const content = { type: mediaType, size: bytes.length, open };
      const { answer, request } = await push({ to: `manifests/${name}`, method: "PUT", where, content });
      if (answer.status < 200 || answer.status > 299) throw await pushError(answer, request);
      await drop(answer.body);
      const [sent, got] = [digestOf(bytes), answer.headers["docker-content-digest"]];
      if (got === undefined || got === sent) return;
      throw new AircrateError("integrity", "the registry got another manifest", {
        where,
        reason: [`sent ${sent}`, `it says ${got}`],
      });
    },
  };
  return target;

  function named(name: string): string {
    return `${here}${name.includes(":") ? "@" : ":"}${name}`;
  }
}

/** Who may push here may perhaps not pull there: no reason to give up. */
function refused(error: unknown): Partial<PlaceAnswer> {
  if (error instanceof AircrateError && error.fault === "forbidden") return {};
  throw error;
}

function foundContent(headers: Readonly<Record<string, string | string[] | undefined>>): FoundContent {
  const [digest, size, type] = ["docker-content-digest", "content-length", "content-type"].map((name) => headers[name]);
  return {
    ...(typeof digest === "string" && { digest }),
    ...(typeof size === "string" && /^\d+$/.test(size) && { size: Number(size) }),
    ...(typeof type === "string" && { mediaType: type }),
  };
}
