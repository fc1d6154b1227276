/**
 * Aircrate as a library: builds a project, shows how far it is, stops on Ctrl-C, and tells what came out.
 *
 *   node examples/library.mjs PROJECT OUTPUT [MIRROR…]
 *
 * In a project of your own, install the package first: npm install ./aircrate-VERSION.tgz
 */
import { AircrateError, build, EXIT_STATUS, verify } from "aircrate";

const [project = "examples/photo-gallery", output = "build/library.auterionos", ...mirrors] = process.argv.slice(2);

/** What is pulled: bytes that are there, of all, by layer. @type {Map<string, { done: number, size: number }>} */
const layers = new Map();

/** @param {import("aircrate").BuildEvent} event */
function show(event) {
  if (event.kind === "retry") console.error(`${event.host}: ${event.reason}; trying again`);
  if (event.kind === "pull-start") layers.set(event.layer, { done: event.from, size: event.size });
  if (event.kind === "pull-bytes") {
    const layer = layers.get(event.layer);
    if (layer !== undefined) layer.done += event.size;
  }
  if (event.kind === "pull-end") {
    layers.set(event.layer, { done: event.size, size: event.size });
    const known = [...layers.values()];
    const [done, size] = [sum(known.map((layer) => layer.done)), sum(known.map((layer) => layer.size))];
    console.error(`pulled ${event.reference}: ${Math.round((100 * done) / size)} % of what is known so far`);
  }
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

// The file has its name only when it is whole, so stopping leaves nothing behind.
const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("stopped")));

try {
  const report = await build(project, { output, mirrors, signal: stop.signal, onEvent: show });
  for (const { service = "image", ownSize, sharedSize } of report.images) {
    console.log(`${service}: ${ownSize} bytes of its own, ${sharedSize} shared`);
  }
  console.log(`${report.file}: ${report.size} bytes; apart, the layers would be ${report.apartSize}`);

  const { problems, checked } = await verify(report.file, { signal: stop.signal });
  console.log(`verified: ${checked.layers} layers, ${problems.length} problems`);
  if (problems.length > 0) process.exitCode = EXIT_STATUS.integrity;
} catch (error) {
  if (error instanceof AircrateError) {
    const { message, reason, hint, fault } = error;
    console.error([message, ...reason.map((line) => `  ${line}`), ...hint.map((line) => `  -> ${line}`)].join("\n"));
    process.exitCode = EXIT_STATUS[fault];
  } else if (stop.signal.aborted) {
    console.error("stopped");
    process.exitCode = 130;
  } else {
    throw error;
  }
}
