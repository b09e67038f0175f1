// Builds the page into dist/web: static files with relative addresses, which any static host can serve. `npm run build:web` runs
// it, and `cutgpu web` where the page has not been built.
import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";

const source = fileURLToPath(new URL("../../../cut/web/", import.meta.url));
/** Where the built page is. */
export const pageFolder = fileURLToPath(new URL("../../web/", import.meta.url));

/** The charts of reports are drawn in a document of linkedom; a page has one of its own. */
const browserDocument: Plugin = {
  name: "browser document",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^linkedom$/ }, () => ({ path: "linkedom", namespace: "page" }));
    onLoad({ filter: /./, namespace: "page" }, () => ({ contents: "export const parseHTML = () => ({ document });" }));
  },
};

/** Builds the page into `folder`. */
export async function buildPage(folder = pageFolder): Promise<void> {
  // A development package; whoever installs cutgpu gets the page built.
  const { build } = await import("esbuild");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: ["app.ts", "worker.ts"].map((file) => join(source, file)),
    outdir: folder,
    bundle: true,
    // The parts that are opened later are files of their own.
    splitting: true,
    chunkNames: "chunk-[hash]",
    format: "esm",
    platform: "browser",
    target: "es2023",
    minify: true,
    legalComments: "none",
    plugins: [browserDocument],
    logLevel: "warning",
  });
  for (const file of ["index.html", "style.css", "icon.svg", "demo-model.safetensors", "examples"]) {
    cpSync(join(source, file), join(folder, file), { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPage();
  const files = readdirSync(pageFolder, { recursive: true, encoding: "utf8" })
    .map((file) => ({ file, info: statSync(join(pageFolder, file)) }))
    .filter(({ info }) => info.isFile());
  for (const { file, info } of files) console.log(`${(info.size / 1000).toFixed(1).padStart(8)} kB  ${file}`);
  const total = files.reduce((sum, { info }) => sum + info.size, 0);
  console.log(`${(total / 1000).toFixed(1).padStart(8)} kB  in ${pageFolder}`);
}
