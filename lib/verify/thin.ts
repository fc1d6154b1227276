import type { InspectedArtifact } from "../../spec/inspection.ts";
import { THIN_KEY, type ThinRecord } from "../../spec/thin.ts";
import type { FoundImage } from "../inspect/images.ts";
import type { Findings } from "./findings.ts";
import type { GivenFile } from "./given.ts";

const RECORD = `header.tar.gz/headers/0000/meta-data/${THIN_KEY}`;

interface ThinContext {
  readonly artifact: InspectedArtifact;
  readonly given: readonly GivenFile[];
  readonly findings: Findings;
}

/** What a thin artifact says of itself: the layers it leaves out, and what it demands of the device for that. */
export function checkThin(record: ThinRecord, images: readonly FoundImage[], context: ThinContext): void {
  const { given, findings } = context;
  const layers = new Map(images.flatMap((image) => image.layers.map((layer) => [layer.diffId ?? "", layer] as const)));
  const named = new Set(record.layers.map(({ diffId }) => diffId));
  for (const { diffId, from } of record.layers) {
    const layer = layers.get(diffId);
    if (layer === undefined) findings.problem(RECORD, `names the layer ${diffId}, which no image has`);
    else if (from !== undefined && layer.member !== undefined) {
      findings.problem(RECORD, `says that ${diffId} is left out, but it is in the archive`);
    }
  }
  for (const diffId of layers.keys()) {
    if (!named.has(diffId)) findings.problem(RECORD, `does not name the layer ${diffId}`);
  }
  checkDepends(record, context);
  const leftOut = record.layers.filter(({ from }) => from !== undefined);
  if (leftOut.length === 0 || given.length > 0) return;
  const from = [...new Set(leftOut.map((layer) => layer.from))].join(", ");
  const size = leftOut.reduce((sum, layer) => sum + layer.size, 0);
  const layersAre = leftOut.length === 1 ? "a layer is" : `${leftOut.length} layers are`;
  const what = `is thin: ${layersAre} not in it, ${size} bytes packed, which the device must have by ${from}`;
  findings.warning("artifact", `${what}; --with FILE proves that they are there`);
}

/** The device refuses what it cannot complete: Mender asks it for the versions that type-info depends on. */
function checkDepends({ since }: ThinRecord, { artifact, given, findings }: ThinContext): void {
  const { provides, depends } = artifact;
  const key = Object.keys(provides).find((name) => /^docker-app\..+\.version$/.test(name)) ?? "";
  const demanded = [depends[key] ?? []].flat();
  if ([...demanded].sort().join("\n") !== [...since].sort().join("\n")) {
    const versions = since.length === 0 ? "no version" : `version ${since.join(" or ")}`;
    const found = demanded.length === 0 ? "none" : demanded.join(" or ");
    findings.problem(
      "header.tar.gz/headers/0000/type-info",
      `depends on ${found}, but the artifact goes onto ${versions}`,
    );
  }
  for (const file of given) {
    const version = Object.hasOwn(file.provides, key) ? file.provides[key]! : undefined;
    if (version === undefined || since.length === 0 || since.includes(version)) continue;
    findings.warning("artifact", `goes onto version ${since.join(" or ")}, and ${file.file} is version ${version}`);
  }
}
