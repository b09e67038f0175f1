// What the browser tests serve: the pages as they are built for visitors, and beside them a bare page that checks the
// operators against their golden values, with the files of goldens, and the pages of examples/.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { pages } from "../../bin/pages.js";
import { buildPages } from "../../cut/web/build.js";
import { projectFolder } from "../support/command.js";
import { goldensFolder } from "../support/goldens.js";

/**
 * Test helpers import Node, and the page calls nothing of it: there its names stand for a function that does nothing.
 */
const withoutNode: Plugin = {
  name: "without Node",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:|webgpu$|@sparticuz)/ }, ({ path }) => ({ path, namespace: "nothing" }));
    onLoad({ filter: /./, namespace: "nothing" }, async ({ path }) => {
      const names = Object.keys((await import(path)) as object).filter((name) => name !== "default");
      return {
        contents: `const nothing = () => "";\nexport { ${names.map((name) => `nothing as ${name}`).join(", ")} };`,
      };
    });
  },
};

/** A page of examples/, its module bundled into a file beside it: cutgpu in it is this build. */
async function buildExample(name: string, folder: string): Promise<void> {
  const page = readFileSync(join(projectFolder, "examples", name), "utf8");
  const [element, module] = page.match(/<script type="module">([\s\S]*?)<\/script>/) as RegExpMatchArray;
  const outfile = join(folder, name.replace(".html", ".js"));
  const dist = join(projectFolder, "dist");
  await build({
    stdin: { contents: module, resolveDir: projectFolder },
    outfile,
    alias: { "cutgpu/cut": join(dist, "cut/index.js"), cutgpu: join(dist, "engine/index.js") },
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    logLevel: "warning",
  });
  const bundled = `<script type="module" src="${name.replace(".html", ".js")}"></script>`;
  writeFileSync(join(folder, name), page.replace(element, bundled));
}

export async function buildTestPages(folder: string): Promise<void> {
  await buildPages(pages, folder);
  await build({
    entryPoints: [join(projectFolder, "dist/test/browser/operators-page.js")],
    outfile: join(folder, "operators-page.js"),
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    define: { "process.env": "{}" },
    plugins: [withoutNode],
    logLevel: "warning",
  });
  writeFileSync(
    join(folder, "operators.html"),
    '<!doctype html><title>operators</title><script type="module" src="operators-page.js"></script>',
  );
  const examples = readdirSync(join(projectFolder, "examples")).filter((name) => name.endsWith(".html"));
  for (const name of examples) await buildExample(name, folder);
  cpSync(join(goldensFolder, "operators.safetensors"), join(folder, "operators.safetensors"));
}
