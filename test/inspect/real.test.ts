import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { readFile } from "node:fs/promises";
import type { Inspection } from "../../spec/inspection.ts";
import { inspectFile } from "../../lib/inspect/inspect.ts";
import { verifyFile } from "../../lib/verify/verify.ts";
import { tempDir } from "../support/cleanup.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { podmanFor } from "../support/podman.ts";
import { run, runOk } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { requireTool } from "../support/tools.ts";

test("probe", async (t) => {
  const dockerd = await dockerdFor(t);
  const registry = dockerd && (await registryFor(t));
  if (dockerd === undefined || registry === undefined) return;
  const dir = tempDir(t);
  for (const n of ["python:3.11-slim","debian:bookworm-slim"]) {
    await dockerd.docker(["pull","--quiet","--platform","linux/arm64",`${registry.host}/library/${n}`]);
    await dockerd.docker(["tag",`${registry.host}/library/${n}`,`com.example.demo.${n.split(":")[0]}:1.0.0`]);
  }
  const f = join(dir,"d.tar");
  await dockerd.docker(["save","-o",f,"com.example.demo.python:1.0.0","com.example.demo.debian:1.0.0"]);
  const show = async (n: string, f: string) => { const v = await verifyFile(f); console.log(n, JSON.stringify(v.problems), JSON.stringify(v.warnings,null,1), v.checked); return v;};
  const v = await show("docker", f);
  console.log(JSON.stringify(v.inspection,null,1));
  const podman = await podmanFor(t);
  if (podman) { await podman.podman(["load","-i",f]); const p=join(dir,"p.tar"); await podman.podman(["save","-m","-o",p,"com.example.demo.python:1.0.0","com.example.demo.debian:1.0.0"]); console.log(JSON.stringify((await show("podman",p)).inspection.images.map(i=>[i.tags,i.layers.map(l=>[l.path,l.shared])])));
   const o=join(dir,"o.tar"); await podman.podman(["save","--format","oci-archive","-o",o,"com.example.demo.python:1.0.0"]); await show("podman-oci",o);
   await podman.podman(["save","--format","oci-dir","-o",join(dir,"odir"),"com.example.demo.python:1.0.0"]); await show("podman-oci-dir",join(dir,"odir"));
  }
  const s=join(dir,"s.tar");
  await runOk("skopeo",["--override-arch","arm64","copy","--src-tls-verify=false",`docker://${registry.host}/library/python:3.11-slim`,`docker-archive:${s}:com.example.demo.python:1.0.0`]);
  await show("skopeo",s);
  const image=join(dir,"com.example.demo.image"); writeFileSync(image,gzipSync(await readFile(f)));
  writeFileSync(join(dir,"auterion-app.yml"),`app-author: com.example
app-base: x
app-name: demo
app-version: 1.0.0
auterion-api-version: 3
auterion-app-base: none
target-platform: [skynode]
services:
  python:
    build: ./p
  debian:
    build: ./d
compose-override:
  services:
    python:
      depends_on: [debian]
`); writeFileSync(join(dir,"version"),"1.0.0"); writeFileSync(join(dir,"settings.default.env"),""); writeFileSync(join(dir,"settings.user.env"),"");
  writeFileSync(join(dir,"meta.json"),JSON.stringify({"auterion-metadata":JSON.stringify({"build-time":"now","build-platform":"Linux","cli-version":"1","auterion-app-yml":{"app-name":"demo","app-author":"com.example","app-version":"1.0.0","target-platform":["skynode"]}})}));
  await runOk("mender-artifact",["write","module-image","-T","docker","-n","com.example.demo:1.0.0","--software-filesystem","docker-app","--software-name","com.example.demo","--software-version","1.0.0","--meta-data","meta.json","-t","skynode",...["auterion-app.yml","com.example.demo.image","version","settings.default.env","settings.user.env"].flatMap(n=>["-f",n]),"-o","out.auterionos"],{cwd:dir});
  const a = await show("artifact",join(dir,"out.auterionos"));
  console.log(JSON.stringify({...a.inspection,images:0},null,1));
});
