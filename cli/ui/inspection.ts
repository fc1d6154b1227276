import { nameOfKind } from "../../lib/keys/signature.ts";
import type {
  InspectedApp,
  InspectedArtifact,
  InspectedImage,
  InspectedLayer,
  Inspection,
} from "../../spec/inspection.ts";
import { bytes, counted, excerpt, launchOrderText, shortDigest, table } from "./text.ts";

/** What is in a file, for people. */
export function renderInspection(inspection: Inspection): string {
  const { artifact, app, images, totals, faults } = inspection;
  const parts = [`${inspection.file}  ${bytes(totals.file)}  ${kindText(inspection)}\n`];
  if (artifact !== undefined) parts.push(renderArtifact(artifact));
  if (app !== undefined) parts.push(renderApp(app));
  parts.push(...images.map((image, i) => renderImage(image, serviceOf(i, app))));
  if (images.length > 1) {
    parts.push(
      `${images.length} images: layers of ${bytes(totals.layersApart)} apart, ${bytes(totals.layers)} together\n`,
    );
  }
  if (faults.length > 0) {
    parts.push(`cannot be read\n${table(faults.map(({ where, message }) => ["", where, message]))}`);
  }
  return parts.join("\n");
}

/**
 * One line for a file that verify found right.
 *
 * @param key file with the public key that it is signed with
 */
export function renderVerified({ file, images, app, totals }: Inspection, key?: string): string {
  const layers = new Set(images.flatMap((image) => image.layers.map(({ diffId }) => diffId))).size;
  const services = app === undefined ? "" : `${counted(app.services.length, "service")}, `;
  const parts = [counted(images.length, "image"), counted(layers, "layer"), bytes(totals.file)];
  if (key !== undefined) parts.push(`signed with ${key}`);
  return `${file}: ok (${services}${parts.join(", ")})\n`;
}

const KINDS: Readonly<Record<Inspection["kind"], string>> = {
  auterionos: "application for AuterionOS",
  mender: "Mender artifact",
  "docker-archive": "docker-archive",
  oci: "OCI image layout",
  image: "image",
};

function kindText({ kind, form }: Inspection): string {
  const packed = form === "tar+gzip" ? ", packed with gzip" : form === "folder" ? " in a folder" : "";
  return KINDS[kind] + packed;
}

function renderArtifact(artifact: InspectedArtifact): string {
  const { name, deviceTypes, provides, depends, clears, build, payload, thin } = artifact;
  const rows = [
    ["artifact", name ?? "without name"],
    ["devices", deviceTypes.join(", ")],
    ["provides", pairs(provides)],
    ["depends", pairs(depends)],
    ["clears", clears.join(", ")],
    ["thin", thin === undefined ? "" : thinText(thin)],
    ["signed", signedText(artifact)],
    ["built", [build.time, build.platform, build.toolVersion].filter((text) => text !== undefined).join(", ")],
  ].filter(([, value]) => value !== "");
  const files = payload.map(({ name, size, sha256 }) => ["", name, bytes(size), sha256.slice(0, 12)]);
  return `${table(rows)}payload\n${table(files, [2])}`;
}

function thinText({ full, leftOut }: NonNullable<InspectedArtifact["thin"]>): string {
  const size = leftOut.reduce((sum, layer) => sum + layer.size, 0);
  const from = [...new Set(leftOut.map((layer) => layer.from))].join(", ");
  const rest = leftOut.length === 0 ? "" : ` without ${counted(leftOut.length, "layer")} of ${bytes(size)} by ${from},`;
  return `yes,${rest} in full ${bytes(full.size)}, sha256 ${full.sha256}`;
}

function signedText({ signed, signature }: InspectedArtifact): string {
  if (!signed) return "no";
  return signature === undefined ? "yes, but not readably" : `yes, with ${nameOfKind(signature)} (not checked)`;
}

function pairs(map: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(map)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : value.join("|")}`)
    .join(", ");
}

function renderApp({ slug, version, apiVersion, services, launchOrder }: InspectedApp): string {
  const rows = services.map(({ name, imageName, image, dependsOn }) => [
    "",
    name,
    imageName ?? "",
    image === undefined ? "no image in this file" : "",
    dependsOn.length === 0 ? "" : `after ${dependsOn.join(", ")}`,
  ]);
  const title = `${slug ?? "application"} ${version ?? ""}${apiVersion === undefined ? "" : ` (API version ${apiVersion})`}`;
  const order = launchOrder === undefined ? "" : `launch order: ${launchOrderText(launchOrder)}\n`;
  return `${title}\n${table(rows)}${order}`;
}

function serviceOf(image: number, app: InspectedApp | undefined): string | undefined {
  return app?.services.find((service) => service.image === image)?.name;
}

function renderImage(image: InspectedImage, service: string | undefined): string {
  const { tags, platform, config, layers, configDigest, ownSize, sharedSize } = image;
  const named = [service, ...(tags.length === 0 ? ["untagged"] : tags)].filter((text) => text !== undefined);
  const where =
    platform === undefined ? "" : [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/");
  const settings = [
    ["", "id", configDigest?.slice(0, 19) ?? "unknown"],
    ["", "entrypoint", JSON.stringify(config?.entrypoint ?? "")],
    ["", "cmd", JSON.stringify(config?.cmd ?? "")],
    ["", "user", config?.user ?? ""],
    ["", "workdir", config?.workdir ?? ""],
    ["", "ports", config?.ports.join(", ") ?? ""],
    ["", "volumes", config?.volumes.join(", ") ?? ""],
    ["", "env", config?.env.join(" ") ?? ""],
  ]
    .filter(([, , value]) => value !== "" && value !== '""')
    .map(([indent, key, value]) => [indent!, key!, excerpt(value!, 90)]);
  const title = `${named.join("  ")}  ${where}  own ${bytes(ownSize)}, shared ${bytes(sharedSize)}`;
  return `${title}\n${table(settings)}${table(layers.map(layerRow), [1, 2])}`;
}

function layerRow(layer: InspectedLayer): string[] {
  const { diffId, size, packedSize, plainSize, shared, missing, from, createdBy } = layer;
  const stored = packedSize ?? size;
  return [
    "",
    stored === undefined ? "-" : bytes(stored),
    plainSize === undefined ? "-" : bytes(plainSize),
    from !== undefined ? "left out" : missing === true ? "missing" : shared ? "shared" : "own",
    diffId === undefined ? "unknown" : shortDigest(diffId),
    excerpt(createdBy ?? "", 60),
  ];
}
