import { rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname } from "node:path";
import type { Disk, InstalledApp } from "./disk.ts";
import { json } from "./simulator.ts";

const BASE = "/api/apps/v1.0/apps";

/** The part of the interface about applications, on what dockerd runs. */
export async function answerApps(request: IncomingMessage, response: ServerResponse, disk: Disk): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://device");
  if (pathname === BASE) {
    return json(response, 200, await Promise.all(disk.apps().map((app) => describe(app, disk))));
  }
  const [slug = "", what = ""] = pathname.slice(BASE.length + 1).split("/");
  const app = pathname.startsWith(`${BASE}/`) ? disk.apps().find(({ name }) => name === slug) : undefined;
  if (app === undefined) return json(response, 404, { message: "not found" });
  const containers = app.services.map((service) => `${slug}.${service}`);
  const docker = (...args: string[]) => disk.dockerd?.docker(args) ?? Promise.resolve("");
  switch (`${request.method} ${what}`) {
    case "GET logs": {
      const tail = searchParams.get("tail") ?? "all";
      const logs = await Promise.all(containers.map((name) => docker("logs", "--tail", tail, name)));
      response.writeHead(200, { "content-type": "text/plain" }).end(logs.join(""));
      return;
    }
    case "POST start":
    case "POST stop":
      await docker(what, ...containers);
      return json(response, 200, {});
    case "POST enable":
    case "POST disable":
      disk.enable(slug, what === "enable");
      return json(response, 200, {});
    case "POST restart": {
      let body = "";
      for await (const chunk of request) body += chunk;
      await docker("restart", "--time", String(JSON.parse(body).stop_timeout), ...containers);
      return json(response, 200, {});
    }
    case "POST remove":
      await docker("rm", "--force", ...containers);
      rmSync(dirname(disk.dataDir(slug)), { recursive: true });
      return json(response, 200, {});
    default:
      return json(response, 405, {});
  }
}

async function describe({ name, version, services, enable = true }: InstalledApp, { dockerd }: Disk) {
  const states = await Promise.all(
    services.map(async (service) => {
      const found = await dockerd?.docker(["inspect", "--format", "{{.State.Status}}", `${name}.${service}`]);
      return { name: service, status: found?.trim() ?? "unknown", enable };
    }),
  );
  const status = states.every((one) => one.status === "running") ? "running" : "stopped";
  return { name, version, status, enable, services: states };
}
