/**
 * Makes what is published: the command, the library, the thread that both start, their types and the licences of what is
 * in them. Everything they need goes in, so that the package can be installed where there is no registry; it stays
 * readable, since shorter names and lines save 90 kB of the tarball and no time.
 *
 *   node dist/.build/bundle.js [NEW FOLDER]
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { declarationsOf } from "./declarations.ts";
import { mergeParts } from "./merge.ts";
import { commentsOf, noticesOf } from "./notices.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const standard = path.join(root, "dist", "bin");
const folder = path.resolve(process.argv[2] ?? standard);
// Names of parts follow from their content: those of earlier ones would stay.
if (folder === standard) rmSync(folder, { recursive: true, force: true });

/** Nothing says that yargs's parser can be had without all that lays out its help, which takes longer to load. */
const parserAlone: Plugin = {
  name: "the parser of yargs alone",
  setup({ onResolve, resolve }) {
    const known = "resolved here";
    onResolve({ filter: /^\.\.\// }, async ({ path: wanted, importer, pluginData, ...rest }) => {
      if (pluginData === known || !/[\\/]yargs[\\/]helpers[\\/]/.test(importer)) return undefined;
      return { ...(await resolve(wanted, { ...rest, importer, pluginData: known })), sideEffects: false };
    });
  },
};

const parts = await build({
  absWorkingDir: root,
  plugins: [parserAlone],
  // All in one folder: whoever starts the thread looks for it beside itself.
  entryPoints: { aircrate: "cli/start.ts", index: "lib/index.ts", worker: "lib/workers/worker.ts" },
  outdir: folder,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  chunkNames: "[name]-[hash]",
  write: false,
  legalComments: "external",
  // Packages in CommonJS ask for Node's own modules by `require`.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  metafile: true,
  logLevel: "warning",
});
mkdirSync(folder, { recursive: true });
for (const [name, text] of await mergeParts(parts)) writeFileSync(path.join(folder, name), text);
// The page of a report runs in a browser.
const page = await build({
  absWorkingDir: root,
  entryPoints: ["main.ts", "page.css", "page.html"].map((file) => ({ in: `lib/page/client/${file}`, out: "page" })),
  outdir: folder,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2023",
  loader: { ".html": "copy" },
  metafile: true,
  logLevel: "warning",
});
if (folder === standard) {
  // Where the program looks for it that is not bundled, as tests run it.
  const beside = path.join(root, "dist", "lib", "page");
  for (const type of ["html", "css", "js"]) {
    copyFileSync(path.join(folder, `page.${type}`), path.join(beside, `page.${type}`));
  }
}
writeFileSync(path.join(folder, "index.d.ts"), declarationsOf(root, "lib/index.ts"));
writeFileSync(
  path.join(folder, "THIRD-PARTY-NOTICES.txt"),
  noticesOf(root, { ...parts.metafile.outputs, ...page.metafile.outputs }, commentsOf(parts.outputFiles)),
);

// npm packs files with the modes that they have, and those come from the umask of whoever checked them out.
const papers = ["package.json", "README.md", "CHANGELOG.md", "LICENSE"].map((name) => path.join(root, name));
const files = readdirSync(folder).map((name) => path.join(folder, name));
for (const file of [...papers, ...files]) chmodSync(file, 0o644);
chmodSync(path.join(folder, "aircrate.js"), 0o755);
