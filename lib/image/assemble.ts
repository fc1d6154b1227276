import type { ContainerConfig, HistoryEntry } from "../../spec/oci-config.ts";
import { AircrateError } from "../error.ts";
import type { LayerBuilder } from "../layer/builder.ts";
import { applyCopy, type Copy } from "./copy.ts";
import { createDraft, type LayerDraft } from "./draft.ts";
import { deriveConfig, type Image, type LayerSource } from "./image.ts";
import { type Owner, ownerOfUser, resolveOwner } from "./owner.ts";
import type { RootFs } from "./rootfs.ts";

/** What one step does to an image, whichever front end it comes from. */
export type Operation =
  /** A layer that holds what these copies copy. */
  | { readonly kind: "copy"; readonly copies: readonly CopyOperation[]; readonly history: HistoryEntry }
  /** A layer with a folder, if the image has none at that path. */
  | {
      readonly kind: "folder";
      readonly path: string;
      readonly user: string;
      readonly where: string;
      readonly history: HistoryEntry;
    }
  /** Config only. */
  | { readonly kind: "config"; readonly history: HistoryEntry };

export type CopyOperation = Omit<Copy, "owner"> & { readonly owner?: Owner };

export interface Assembly {
  readonly operations: readonly Operation[];
  readonly config: ContainerConfig;
  readonly author?: string;
}

export interface AssembleOptions {
  readonly buildLayer: LayerBuilder;
  /** Seconds since 1970: time of every entry, of the config and of its history. */
  readonly epoch: number;
}

/**
 * Builds an image on top of another. Returns as soon as it is known what its layers hold; they are packed meanwhile.
 *
 * @throws AircrateError input
 */
export async function assembleImage(base: Image, assembly: Assembly, options: AssembleOptions): Promise<Image> {
  const root = (await base.root()).clone();
  const layers: LayerSource[] = [];
  const history: HistoryEntry[] = [];
  for (const operation of assembly.operations) {
    const draft = createDraft(root, options.epoch);
    if (operation.kind === "config" || !applyOperation(operation, root, draft)) {
      history.push({ ...operation.history, empty_layer: true });
      continue;
    }
    history.push(operation.history);
    const origin = operation.history.created_by ?? "";
    layers.push({ origin, record: options.buildLayer(draft.entries(), `${whereOf(operation)} ${origin}`) });
  }
  const { config, author } = assembly;
  return {
    config: deriveConfig(base.config, {
      created: timestamp(options.epoch),
      config,
      history,
      ...(author !== undefined && { author }),
    }),
    layers: [...base.layers, ...layers],
    root: async () => root,
  };
}

function whereOf(operation: Exclude<Operation, { kind: "config" }>): string {
  return operation.kind === "copy" ? (operation.copies[0]?.where ?? "") : operation.where;
}

/** @returns whether the operation makes a layer */
function applyOperation(operation: Exclude<Operation, { kind: "config" }>, root: RootFs, draft: LayerDraft): boolean {
  if (operation.kind === "copy") {
    for (const { owner, ...copy } of operation.copies) {
      applyCopy({ ...copy, owner: resolveOwner(owner ?? { user: 0 }, root, copy.where) }, root, draft);
    }
    return true;
  }
  const { path, user, where } = operation;
  try {
    const resolved = root.resolve(path);
    if (root.find(resolved)?.kind === "directory") return false;
    return draft.makeDirectory(resolved, resolveOwner(ownerOfUser(user), root, where));
  } catch (error) {
    if (error instanceof AircrateError) throw error;
    throw new AircrateError("input", `cannot make the folder ${path}`, {
      where,
      reason: (error as Error).message,
      cause: error,
    });
  }
}

/** RFC 3339 without fractions, as image configs have it. */
export function timestamp(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
}
