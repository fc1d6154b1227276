/** Pulls one image into a store, and nothing else: what `npm run bench -- --pull` times. `pull-program REFERENCE STORE` */

import { finishImage } from "../../lib/image/image.ts";
import { createPull } from "../../lib/image/pull.ts";
import { ARM64 } from "../../lib/platform.ts";
import { parseReference } from "../../lib/reference.ts";
import { openSession } from "../../lib/session.ts";
import { tuneEngine } from "../../lib/workers/memory.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";

tuneEngine();
const [reference, folder] = process.argv.slice(2);
const session = await openSession({ store: folder! }, new Map());
const pool = createWorkPool();
const { store, client } = session;
const pull = createPull({ store, client, pool, platform: ARM64, offline: false, onEvent: () => {} });
await finishImage(await pull(parseReference(reference!)));
await Promise.all([pool.close(), session.close()]);
