import { builtinModules } from "node:module";
import type { Metafile, OutputFile } from "esbuild";
import { rollup } from "rollup";

interface Built {
  readonly outputFiles: readonly OutputFile[];
  readonly metafile: Metafile;
}

/** What is loaded at once begins with one of these: the entries, what threads do, and the commands that are used most. */
const BEGINNINGS = [
  ...["cli/start.ts", "lib/workers/worker.ts", "lib/unpack/check.ts", "lib/unpack/extract.ts"],
  ...["cli/actions/build.ts", "cli/actions/plan.ts", "cli/actions/inspect.ts", "cli/actions/store.ts"],
  ...["lib/http/connections.ts", "node_modules/undici/lib/dispatcher/pool.js"],
];

/**
 * Puts into one part what is always loaded together. esbuild makes one for each set of entries and imports that need a
 * module, which comes to a hundred for `aircrate build`, and each of them takes time to be found, read and linked: a
 * sixteenth of all that a build takes in which nothing changed.
 *
 * @returns the text of each file by its name
 */
export async function mergeParts({ outputFiles, metafile }: Built): Promise<ReadonlyMap<string, string>> {
  const texts = new Map(outputFiles.map(({ path, text }) => [nameOf(path), text]));
  const loaded = BEGINNINGS.map((beginning) => loadedBy(beginning, metafile.outputs));
  const entries = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint !== undefined);
  const apart = new Set(entries.map(([file]) => nameOf(file)));
  /**
   * Names a part by who loads it. What an import begins with stays by itself, and so does everything else: left alone,
   * rollup would put it where it is loaded already, and what waits for an import would be waited for by that.
   */
  const partOf = (name: string): string => {
    const loaders = loaded.map((names) => (names.has(name) ? 1 : 0)).join("");
    return apart.has(name) || !loaders.includes("1") ? name.replace(/\.js$/, "") : loaders;
  };
  const bundle = await rollup({
    input: ["aircrate", "index", "worker"].map((name) => `${name}.js`),
    external: (id) => builtinModules.includes(id.replace(/^node:/, "")),
    plugins: [
      {
        name: "parts in memory",
        resolveId: (id) => (texts.has(nameOf(id)) ? nameOf(id) : null),
        load: (id) => texts.get(id) ?? null,
      },
    ],
    treeshake: false,
    preserveEntrySignatures: "strict",
    // Packages are full of what it warns of, and esbuild has warned already.
    onLog(level, log) {
      if (level === "warn" && log.code !== "CIRCULAR_DEPENDENCY" && log.code !== "EVAL") console.warn(log.message);
    },
  });
  try {
    const { output } = await bundle.generate({
      format: "es",
      entryFileNames: "[name].js",
      chunkFileNames: ({ name }) =>
        /^[01]+$/.test(name) ? "part-[hash].js" : `${name.replace(/-[A-Z0-9]{8}$/, "")}-[hash].js`,
      hoistTransitiveImports: false,
      manualChunks: partOf,
    });
    const chunks = output.filter((file) => file.type === "chunk");
    const firsts = chunks.filter(({ isEntry, isDynamicEntry }) => isEntry || isDynamicEntry);
    const first = new Set(firsts.map(({ fileName }) => fileName));
    for (const { fileName, imports } of chunks) {
      const wrong = imports.find((name) => first.has(name));
      // What an import waits for may itself wait for an import.
      if (wrong !== undefined) throw new Error(`${fileName} would wait for ${wrong}, which an import begins with`);
    }
    return new Map(chunks.map(({ fileName, code }) => [fileName, code]));
  } finally {
    await bundle.close();
  }
}

/** Names of the files that are loaded with a module that the build was told of or that is imported at run time. */
function loadedBy(beginning: string, outputs: Metafile["outputs"]): ReadonlySet<string> {
  const first = Object.keys(outputs).find((file) => outputs[file]!.entryPoint === beginning);
  if (first === undefined) throw new Error(`nothing begins with ${beginning}: see BEGINNINGS`);
  const names = new Set<string>();
  const visit = (file: string) => {
    if (names.has(nameOf(file))) return;
    names.add(nameOf(file));
    for (const { path, kind } of outputs[file]!.imports)
      if (kind === "import-statement" && path in outputs) visit(path);
  };
  visit(first);
  return names;
}

function nameOf(file: string): string {
  return file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);
}
