import type { ContainerConfig, HistoryEntry } from "../../spec/oci-config.ts";
import type { EditCommand } from "../dockerfile/types.ts";
import { AircrateError } from "../error.ts";
import type { LayerBuilder } from "../layer/builder.ts";
import type { TarEntry } from "../tar/sequence.ts";
import { applyCopy, type Copy } from "./copy.ts";
import { layerEntries } from "./difference.ts";
import { applyEdits } from "./edit/edit.ts";
import { deriveConfig, type Image, type LayerSource } from "./image.ts";
import { createMaterials, type Known, type Take } from "./materials.ts";
import { type Owner, ownerOfUser, resolveOwner } from "./owner.ts";
import type { RootFs } from "./rootfs.ts";
import { type LayerPart, splitLayer } from "./split.ts";

/** What one step does to an image, whichever front end it comes from. */
export type Operation = { readonly history: HistoryEntry } & (
  | { readonly kind: "config" }
  | ({
      /** For errors: `file:line`. */
      readonly where: string;
    } & (
      | CopyOperation
      /** A layer with a folder, if the image has none at that path. */
      | { readonly kind: "folder"; readonly path: string; readonly user: string }
      /** A layer with what the commands of a RUN change, in their working folder. */
      | {
          readonly kind: "edit";
          readonly commands: readonly EditCommand[];
          readonly folder: string;
          readonly user: string;
        }
    ))
);

/** A layer that holds what these copies copy. */
interface CopyOperation {
  readonly kind: "copy";
  /** @param known what nodes of pulled layers are like */
  readonly copies: (known: Known) => readonly AssembledCopy[];
}

/** The owner's names are looked up in the image. */
export type AssembledCopy = Omit<Copy, "owner"> & { readonly owner?: Owner };

type LayerOperation = Exclude<Operation, { kind: "config" }>;

export interface Assembly {
  readonly operations: readonly Operation[];
  readonly config: ContainerConfig;
  readonly author?: string;
}

export interface AssembleOptions {
  readonly buildLayer: LayerBuilder;
  readonly take: Take;
  /** Parts layers into dependencies and application. */
  readonly split?: boolean;
  /** Seconds since 1970: time of every entry, of the config and of its history. */
  readonly epoch: number;
}

/**
 * Builds an image on top of another. Returns as soon as it is known what its layers hold; they are packed meanwhile.
 *
 * @throws AircrateError input
 */
export async function assembleImage(base: Image, assembly: Assembly, options: AssembleOptions): Promise<Image> {
  const { epoch, buildLayer } = options;
  const { root, drafts } = await draftLayers(await base.root(), assembly.operations, options);
  const layers: LayerSource[] = [];
  const history = assembly.operations.flatMap((operation, i): HistoryEntry[] => {
    const drafted = drafts[i];
    if (drafted === undefined) return [{ ...operation.history, empty_layer: true }];
    const parts: readonly LayerPart[] = options.split === true ? splitLayer(drafted) : [{ entries: drafted }];
    const origin = operation.history.created_by ?? "";
    return parts.map(({ entries, comment }) => {
      const place = [(operation as LayerOperation).where, origin, ...(comment === undefined ? [] : [comment])];
      layers.push({ origin, record: buildLayer(entries, place.join(" ")) });
      return { ...operation.history, ...(comment !== undefined && { comment }) };
    });
  });
  const { config, author } = assembly;
  return {
    config: deriveConfig(base.config, {
      created: timestamp(epoch),
      config,
      history,
      ...(author !== undefined && { author }),
    }),
    layers: [...base.layers, ...layers],
    root: async () => root,
  };
}

interface Drafts {
  readonly root: RootFs;
  /** What the layer of each operation holds; nothing for those that make none. */
  readonly drafts: readonly (readonly TarEntry[] | undefined)[];
}

/** All layers are drafted before anything is taken out of pulled ones, and anew with what was taken. */
async function draftLayers(
  base: RootFs,
  operations: readonly Operation[],
  { epoch, take }: AssembleOptions,
): Promise<Drafts> {
  const materials = createMaterials(take);
  const draft = (): Drafts => {
    const root = base.clone();
    return {
      root,
      drafts: operations.map((operation) => draftLayer(operation, root, { epoch, known: materials.known })),
    };
  };
  for (;;) {
    let drafts: Drafts | undefined;
    let failure: unknown;
    try {
      drafts = draft();
    } catch (error) {
      failure = error;
    }
    // What was made of stand-ins is void, failures too.
    if (await materials.take()) continue;
    if (drafts !== undefined) return drafts;
    throw failure;
  }
}

function draftLayer(
  operation: Operation,
  root: RootFs,
  { epoch, known }: { epoch: number; known: Known },
): TarEntry[] | undefined {
  if (operation.kind === "config") return undefined;
  const before = root.snapshot();
  if (!applyOperation(operation, root, known)) return undefined;
  return layerEntries(before, root.snapshot(), epoch);
}

/** @returns whether the operation makes a layer */
function applyOperation(operation: LayerOperation, root: RootFs, known: Known): boolean {
  const { where } = operation;
  switch (operation.kind) {
    case "copy":
      for (const { owner, ...copy } of operation.copies(known)) {
        applyCopy({ ...copy, ...(owner && { owner: resolveOwner(owner, root, copy.where) }) }, root);
      }
      return true;
    case "folder":
      return located(`cannot make the folder ${operation.path}`, where, () => {
        const path = root.resolve(operation.path);
        if (root.find(path)?.kind === "directory") return false;
        return root.makeDirectory(path, resolveOwner(ownerOfUser(operation.user), root, where));
      });
    case "edit": {
      const before = root.snapshot();
      applyEdits(operation.commands, root, { ...operation, known });
      // As Docker, there is no layer when nothing changes.
      return root.snapshot() !== before;
    }
  }
}

function located<T>(what: string, where: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof AircrateError) throw error;
    throw new AircrateError("input", what, { where, reason: (error as Error).message, cause: error });
  }
}

/** RFC 3339 without fractions, as image configs have it. */
export function timestamp(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
}
