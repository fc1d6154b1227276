import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { dockerdFor } from "../support/dockerd.ts";
import { requireTool } from "../support/tools.ts";
import { measure, median } from "./measure.ts";
import { editProject, REFERENCE_WORK } from "./work.ts";

export interface PeerOptions {
  readonly dir: string;
  readonly project: string;
  readonly base: string;
  readonly runs: number;
}

const SERVICES = ["svc1", "svc2", "svc3"];

/** The same work by docker build, docker save, gzip and mender-artifact, one after the other as in a Makefile. */
export async function measureDocker(t: TestContext, options: PeerOptions): Promise<void> {
  const { dir, project, base, runs } = options;
  if (!requireTool(t, "mender-artifact", "gzip")) return;
  const dockerd = await dockerdFor(t);
  if (dockerd === undefined) return;
  const docker = dockerd.client.join(" ");
  const script = [
    "set -eu -o pipefail",
    `${docker} pull -q --platform linux/arm64 ${base}`,
    ...SERVICES.map(
      (name) => `DOCKER_BUILDKIT=0 ${docker} build -q --platform linux/arm64 -t ${name}:1 ${project}/${name}`,
    ),
    `${docker} save ${SERVICES.map((name) => `${name}:1`).join(" ")} | gzip > ${dir}/docker.image`,
    `mender-artifact write module-image -T docker -n bench:1 -t skynode -f ${dir}/docker.image -o ${dir}/docker.auterionos`,
  ].join("\n");
  writeFileSync(join(dir, "docker.sh"), script);
  const clean = async () => {
    const images = (await dockerd.docker(["images", "-aq"])).split("\n").filter((id) => id !== "");
    if (images.length > 0) await dockerd.tryDocker(["rmi", "-f", ...new Set(images)]);
  };
  for (const [name, prepare] of [
    ["docker, gzip: cold", clean],
    ["docker, gzip: edited", async () => editProject(project, REFERENCE_WORK, `docker ${performance.now()}`)],
  ] as const) {
    const walls: number[] = [];
    for (let i = 0; i < runs; i += 1) {
      await prepare();
      walls.push((await measure("bash", [join(dir, "docker.sh")], process.env)).wall);
    }
    const size = statSync(join(dir, "docker.auterionos")).size;
    console.log(`${name.padEnd(22)}  ${median(walls).toFixed(2)} s  ${(size / 1e6).toFixed(1)} MB`);
  }
}
