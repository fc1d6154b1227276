import type { FileChanges, ImageDiff } from "../../spec/diff.ts";
import type { InspectedLayer } from "../../spec/inspection.ts";
import type { Contents } from "../contents/contents.ts";
import type { Digest } from "../digest.ts";
import { longestRun } from "../thin/rule.ts";
import type { LayerContents } from "../unpack/entry-list.ts";
import { compareFacts, type Fact, factsOfUnit } from "./facts.ts";
import { type ChangeList, compareTrees, noChanges } from "./files.ts";
import { compareLayers } from "./layers.ts";
import type { Pair, Unit } from "./match.ts";
import { treeOf } from "./tree.ts";

export interface CompareContext {
  readonly from: Contents;
  readonly to: Contents;
  readonly listed: ChangeList;
}

/** What differs in a service, or in an image that is that of none. */
export function compareUnits({ from, to }: Pair, context: CompareContext): ImageDiff {
  const [one, other] = [from?.image?.inspected, to?.image?.inspected];
  const layers = compareLayers(one?.layers ?? [], other?.layers ?? []);
  const files = compareFiles(one?.layers, other?.layers, context);
  const config = compareFacts(factsOf(from, to, context.from), factsOf(to, from, context.to));
  const changed = config.length > 0 || layers.new.count > 0 || layers.gone.count > 0;
  // What else is in a config, such as its history, is told by its digest alone.
  const id = !changed && one?.configDigest !== other?.configDigest;
  if (id) config.push(...compareFacts(idOf(one?.configDigest), idOf(other?.configDigest)));
  return {
    change: from === undefined ? "added" : to === undefined ? "removed" : changed || id ? "changed" : "same",
    name: (to ?? from)!.name,
    ...(from?.image !== undefined && { from: from.image.index }),
    ...(to?.image !== undefined && { to: to.image.index }),
    ...{ config, layers, files },
  };
}

function factsOf(unit: Unit | undefined, other: Unit | undefined, { inspection }: Contents): Fact[] {
  return unit === undefined ? [] : factsOfUnit(unit, { other, app: inspection.app });
}

function idOf(configDigest: Digest | undefined): Fact[] {
  return configDigest === undefined ? [] : [{ key: "id", value: configDigest }];
}

type Layers = readonly InspectedLayer[] | undefined;

/**
 * The final trees are those of all layers. Layers that are the same in both need no look; those that one of the files
 * leaves out, as a thin one does, may be listed by the other.
 */
function compareFiles(from: Layers, to: Layers, context: CompareContext): FileChanges {
  const [one = [], other = []] = [from, to].map((layers) => layers?.map(({ diffId = "" }) => diffId));
  if (one.join() === other.join()) return noChanges();
  const complete = (diffId: Digest) => isComplete(listOf(diffId, context));
  const known = (diffIds: readonly Digest[], start: number) => diffIds.slice(start).every(complete);
  // What lies below on both sides needs not be known, if it has to be.
  const below = one.slice(0, longestRun(one, [other])).findLastIndex((diffId) => !complete(diffId)) + 1;
  if (!known(one, below) || !known(other, below)) {
    const layers = [...(from ?? []), ...(to ?? [])];
    return noChanges(unknownText(layers.find(({ diffId = "" }) => !complete(diffId))!, context));
  }
  const [before, after] = [one, other].map((diffIds) => {
    return treeOf(diffIds.slice(below).map((diffId) => listOf(diffId, context)!.entries));
  });
  const changes = compareTrees(from && before, to && after, context.listed);
  if (below === 0) return changes;
  return { ...changes, unknown: `compared without the ${below} lowest layers, of which neither lists the files` };
}

/** Either side may list a layer; a list that is cut, or ends in a fault, is none to go by. */
function listOf(diffId: Digest, { from, to }: CompareContext): LayerContents | undefined {
  const lists = [from, to].flatMap(({ layers }) => layers.get(diffId) ?? []);
  return lists.find(isComplete) ?? lists[0];
}

function isComplete(list: LayerContents | undefined): boolean {
  return list !== undefined && !list.truncated && list.fault === undefined;
}

function unknownText({ diffId = "", missing, encoding }: InspectedLayer, context: CompareContext): string {
  const list = listOf(diffId, context);
  if (list?.fault !== undefined) return `${diffId}: ${list.fault}`;
  if (list !== undefined) return `${diffId} has more files than are kept`;
  return missing === true ? `${diffId} is in neither` : `${diffId} is packed with ${encoding}, which is not read here`;
}
