// The boundary that lets the engine and the method run in a browser: bundled for one, they bring along nothing of Node and
// none of the packages that only the command needs; and the layers import downwards only.
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { projectFolder } from "./support/command.js";

const test = suite("browser bundle");

/** What a page needs that trains or translates by itself. */
const entries = [
  "engine/index",
  ...["step", "train", "translate", "checkpoint", "options"].map((name) => `cut/${name}`),
  "bench/index",
];

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
  assert.ok(inputs.some((path) => path === "dist/cut/step.js"));
  assert.not.ok(inputs.includes("dist/engine/node.js"));
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
  const { metafile, text } = await bundle(["worker", "translate", "train", "inspect"].map((name) => `cut/web/${name}`));
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? [],
  );
  assert.equal([...new Set(packages)].sort(), ["fflate", "valibot"]);
  assert.not.match(text, /\bfrom\s*["']node:/);
});

test("a bundle that reaches for Node is refused, so that the test above can fail", async () => {
  let message = "";
  await bundle(["cut/files"]).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /Could not resolve "node:fs"/);
});

/** The modules that each source file of `folder` imports, as paths from the project's root or names of packages. */
function importsOf(folder: string): { file: string; target: string }[] {
  const files = readdirSync(join(projectFolder, folder), { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const file = join(folder, name);
      const text = readFileSync(join(projectFolder, file), "utf8");
      const found = [...text.matchAll(/(?:from|import|import\()\s*["']([^"']+)["']/g)].map(([, target]) => target);
      return found.map((target) => ({ file, target: target.startsWith(".") ? join(file, "..", target) : target }));
    });
}

test("the engine imports nothing of the method, the shaders nothing of either", () => {
  const into = (folder: string, targets: RegExp) =>
    importsOf(folder).filter(({ target }) => targets.test(target.replaceAll("\\", "/")));
  assert.ok(importsOf("engine").length > 100);
  assert.equal(into("engine", /^(cut|bench|test)\//), []);
  assert.equal(into("shaders", /^(engine|cut|bench|test)\//), []);
  // The command line lists the benchmark and the tuning among its commands, and loads them only when they are called; the page
  // has a part that runs the benchmark.
  const upwards = into("cut", /^(bench|test)\//).filter(({ file }) => file !== "cut/web/kernels.ts");
  const commands = ["bench/command.js", "bench/tune-command.js"];
  assert.equal(
    upwards,
    commands.map((target) => ({ file: "cut/cli/main.ts", target })),
  );
  const main = readFileSync(join(projectFolder, "cut/cli/main.ts"), "utf8");
  for (const target of commands) assert.ok(main.includes(`import("../../${target}")`), `${target} is loaded lazily`);
});

test("in the engine only its door to Node imports Node", () => {
  const nodeOnly = importsOf("engine").filter(
    ({ target }) => target.startsWith("node:") || builtinModules.includes(target) || target === "webgpu",
  );
  assert.equal([...new Set(nodeOnly.map(({ file }) => file))], [join("engine", "node.ts")]);
});

test.run();
