// The boundary that lets the engine and the method run in a browser: their bundles hold nothing of Node and none of the
// packages that only the command needs.
import { build, type Metafile } from "esbuild";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { projectFolder } from "../support/command.js";

const test = suite("browser bundle");

/** What a page needs that trains or translates by itself. */
const entries = ["engine/index", "cut/index", "bench/index"];

async function bundle(names: readonly string[]): Promise<{ metafile: Metafile; text: string }> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: projectFolder,
    entryPoints: names.map((name) => `dist/${name}.js`),
    outdir: "none",
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    logLevel: "silent",
  });
  return { metafile, text: outputFiles.map(({ text }) => text).join("\n") };
}

test("the engine and the method bundle for a browser with nothing of Node", async () => {
  const { metafile, text } = await bundle(entries);
  const inputs = Object.keys(metafile.inputs);
  const packages = inputs.flatMap((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []);
  assert.equal([...new Set(packages)].sort(), ["fflate", "valibot"]);
  assert.ok(inputs.some((path) => path === "dist/cut/training/training-step.js"));
  assert.not.ok(inputs.includes("dist/engine/open/node.js"));
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
  assert.equal(outside, [], "nothing is left to be resolved");
  assert.not.match(text, /\bfrom\s*["']node:/);
  // Names that only Node defines; a guard such as `typeof process` would be a sign of code in the wrong place.
  assert.not.match(
    text.replace(/\/\/.*$/gm, ""),
    /\b(Buffer\.(from|alloc|concat)|process\.(env|platform|exit)|require\()/,
  );
});

test("the page's own code and its worker bundle for a browser with nothing of Node", async () => {
  const { metafile, text } = await bundle(
    ["worker", "translate-part", "train-part", "inspect-part"].map((name) => `cut/web/${name}`),
  );
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? [],
  );
  assert.equal([...new Set(packages)].sort(), ["fflate", "valibot"]);
  assert.not.match(text, /\bfrom\s*["']node:/);
});

test("a bundle that reaches for Node is refused, so that the test above can fail", async () => {
  let message = "";
  await bundle(["cut/files/atomic-files"]).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /Could not resolve "node:fs"/);
});

test.run();
