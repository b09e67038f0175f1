// Builds pages into dist/web: static files with relative addresses, which any static host can serve. The caller says
// which pages there are. Scripts that several pages use are built once.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Plugin } from "esbuild";
import { packageRoot } from "../files/package-root.js";

/** A page: a folder of sources and how it is built. Paths of sources are relative to the project's folder. */
export interface Page {
  /** The folder of its sources. */
  sources: string;
  /** The folder that it is built into, below that of all pages; "" for the first one. */
  folder: string;
  /** Scripts and style sheets of `sources` that are bundled. */
  entries: readonly string[];
  /** Files and folders of `sources` that are copied. In HTML files, `<!--#include FILE-->` becomes that file's text. */
  files: readonly string[];
}

/** The folder of the built pages. */
export const pagesFolder = (): string => join(packageRoot(), "dist", "web");

/** The charts of reports are drawn in a document of linkedom, which pages replace by their own. */
const browserDocument: Plugin = {
  name: "browser document",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^linkedom$/ }, () => ({ path: "linkedom", namespace: "page" }));
    onLoad({ filter: /./, namespace: "page" }, () => ({ contents: "export const parseHTML = () => ({ document });" }));
  },
};

/**
 * Builds the pages into `target`, which is emptied first. Needs the sources, which an installed package does not have.
 */
export async function buildPages(pages: readonly Page[], target: string): Promise<void> {
  // A development dependency: installed packages contain the built pages.
  const { build } = await import("esbuild");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const root = packageRoot();
  const entryPoints = pages.flatMap(({ sources, folder, entries }) =>
    entries.map((entry) => ({
      in: join(root, sources, entry),
      out: join(folder, entry.replace(/\.\w+$/, "")),
    })),
  );
  await build({
    entryPoints,
    outdir: target,
    bundle: true,
    // Code that several scripts use, and code that is loaded later, gets files of its own.
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
  for (const { sources, folder, files } of pages) {
    for (const file of files) copy(join(root, sources, file), join(target, folder, basename(file)));
  }
}

function copy(from: string, to: string): void {
  if (from.endsWith(".html")) writeFileSync(to, withIncludes(from));
  else cpSync(from, to, { recursive: true });
}

/** The text of an HTML file with its includes replaced. */
function withIncludes(file: string): string {
  return readFileSync(file, "utf8").replace(/^<!--#include (\S+)-->\n/gm, (_, name: string) =>
    withIncludes(join(dirname(file), name)),
  );
}
