// What `npm pack` makes, as its users meet it: linted, installed into empty projects without the network, imported in
// Node, type checked, bundled by esbuild and by Vite. The script and the page are the README's own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { withHalves } from "../../engine/device/half.js";
import { Kernel } from "../../engine/device/kernel.js";
import type { KernelSource } from "../../engine/device/kernel-source.js";
import { projectFolder } from "../support/command.js";
import { readmeBlocks } from "../support/examples.js";
import { kernels } from "../support/kernels.js";
import { nullDevice } from "../support/null-device.js";

const test = suite("package");

const KIB = 1024;
const work = mkdtempSync(join(tmpdir(), "cutgpu-package-"));
const project = join(work, "project");
const packages = join(projectFolder, "node_modules");
const [script] = readmeBlocks("js");
const [page] = readmeBlocks("html");

interface Said {
  status: number | null;
  stdout: string;
  all: string;
}

function run(command: string, args: readonly string[], cwd = projectFolder): Promise<Said> {
  const child = spawn(command, args, { cwd, env: { ...process.env, NODE_OPTIONS: "" } });
  const said: Said = { status: null, stdout: "", all: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    said.stdout += chunk;
    said.all += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said.all += chunk;
  });
  return new Promise((resolve) => {
    child.on("close", (status) => resolve({ ...said, status }));
  });
}

const node = (args: readonly string[], cwd = projectFolder) => run(process.execPath, args, cwd);

async function succeed(running: Promise<Said>): Promise<Said> {
  const said = await running;
  assert.is(said.status, 0, said.all);
  return said;
}

/** A bundle for the browser of a module's text in the empty project, without what is loaded later or never. */
async function bundle(contents: string) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: project },
    absWorkingDir: project,
    bundle: true,
    splitting: true,
    outdir: "out",
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2023",
    platform: "browser",
  });
  const names = Object.keys(metafile.outputs);
  const loaded = new Set(names.filter((name) => metafile.outputs[name].entryPoint === "<stdin>"));
  for (const name of loaded) {
    for (const { path, kind } of metafile.outputs[name].imports) if (kind === "import-statement") loaded.add(path);
  }
  const outputs = names.map((name, i) => ({ name, ...metafile.outputs[name], bytes: outputFiles[i].contents }));
  const parts = outputs.filter(({ name }) => loaded.has(name));
  const inputs = parts.flatMap((part) => Object.keys(part.inputs).map((path) => path.replaceAll("\\", "/")));
  return { inputs, gzipped: parts.reduce((sum, { bytes }) => sum + gzipSync(bytes, { level: 9 }).length, 0) };
}

/** That the README states a size as it is. */
function assertStated(pattern: RegExp, gzipped: number): void {
  const stated = Number(readFileSync(join(projectFolder, "README.md"), "utf8").match(pattern)?.[1]);
  assert.ok(Math.abs(stated - gzipped / KIB) < 2, `the README says ${stated}, it is ${(gzipped / KIB).toFixed(1)} KiB`);
}

/** The text of the page's module. */
const pageModule = page.match(/<script type="module">([\s\S]*)<\/script>/)?.[1] ?? "";

const command = join(project, "node_modules", ".bin", "cutgpu");
const tiny = ["--crop_size", "64", "--load_size", "64", "--ngf", "4", "--ndf", "4", "--netG", "resnet_4blocks"];
const train = ["train", "--dataroot", "pictures", "--name", "x", ...tiny];

let tarball = "";

test.before(async () => {
  await succeed(node(["dist/bin/build-web.js"]));
  await succeed(node(["build-package.mjs"]));
  const packed = await succeed(
    run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", work], projectFolder),
  );
  const [{ filename }] = JSON.parse(packed.stdout) as { filename: string }[];
  tarball = join(work, filename);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "empty", "type": "module", "private": true }');
  // The dependencies come from here instead of a registry.
  const dependencies = ["fflate", "valibot", "@webgpu/types"].map((name) => join(packages, name));
  const flags = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await succeed(run("npm", ["install", ...flags, tarball, ...dependencies], project));
  for (const folder of ["trainA", "trainB"]) {
    mkdirSync(join(project, "pictures", folder), { recursive: true });
    writeFileSync(join(project, "pictures", folder, "a.png"), "a picture");
  }
});

test.after(() => rmSync(work, { recursive: true, force: true }));

test("publint finds nothing", async () => {
  const { publint } = await import("publint");
  const { messages } = await publint({ pkgDir: join(project, "node_modules", "cutgpu"), pack: false });
  assert.equal(messages, []);
});

test("arethetypeswrong finds nothing for Node's ES modules and for bundlers", async () => {
  const attw = join(packages, "@arethetypeswrong", "cli", "dist", "index.js");
  await succeed(node([attw, tarball, "--profile", "esm-only", "--no-definitely-typed", "--no-color"]));
});

test("it depends on three small packages, and on neither sharp nor dawn nor the command's", () => {
  const installed = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."));
  assert.equal(installed, ["@webgpu", "cutgpu", "fflate", "valibot"]);
  const { dependencies } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"));
  assert.equal(Object.keys(dependencies), ["@webgpu/types", "fflate", "valibot"]);
});

test("every module of the library has its source map, and nothing of the tests or the sources is shipped", () => {
  const root = join(project, "node_modules", "cutgpu");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).map((file) => file.replaceAll("\\", "/"));
  const modules = files.filter((file) => /^dist\/package\/(?!command).*\.js$/.test(file));
  assert.ok(modules.length > 50);
  assert.equal(
    modules.filter((file) => !files.includes(`${file}.map`)),
    [],
  );
  assert.equal(
    files.filter(
      (file) =>
        (/^(dist\/)?(test|engine|cut|shaders)\//.test(file) || (/\.ts$/.test(file) && !/\.d\.ts$/.test(file))) &&
        !/^cut\/demo(\/result\.png)?$|^examples\//.test(file),
    ),
    [],
  );
});

test("what the README points to is there", () => {
  const root = join(project, "node_modules", "cutgpu");
  const links = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/\]\((?!http|#)([^)#]+)/g)].map(
    ([, to]) => to,
  );
  assert.ok(links.length > 8, `${links.length} links`);
  assert.equal(
    links.filter((to) => !existsSync(join(root, to))),
    [],
  );
});

test("the pages are shipped as they are built, and served", async () => {
  const files = readdirSync(join(project, "node_modules", "cutgpu", "dist", "web"), {
    recursive: true,
    encoding: "utf8",
  });
  for (const file of ["index.html", "style.css", "worker.js", "kernels/index.html", "kernels/kernels-page.js"]) {
    assert.ok(files.includes(file), file);
  }
  const child = spawn(command, ["web", "--port", "0"], { cwd: project });
  try {
    const [said] = await once(child.stdout, "data");
    const url = String(said).trim();
    for (const path of ["", "kernels/"]) assert.is((await fetch(url + path)).status, 200);
  } finally {
    child.kill("SIGINT");
  }
  assert.equal(await once(child, "close"), [130, null]);
});

test("without its optional peers it says what to install", async () => {
  const lonely = await node(["--input-type=module", "-e", script], project);
  assert.is(lonely.status, 1);
  assert.match(lonely.all, /AdapterError: WebGPU without a browser comes from the package webgpu/);
  assert.match(lonely.all, /npm install webgpu/);
  const version = await succeed(run(command, ["--version"], project));
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  const { status, all } = await run(command, train, project);
  assert.is(status, 1, all);
  assert.match(all, /^cutgpu train: [^\n]*package webgpu[^\n]*`npm install webgpu`\.\n$/);
});

test("the README's script runs in Node", async () => {
  symlinkSync(join(packages, "webgpu"), join(project, "node_modules", "webgpu"));
  assert.ok(script.trim().split("\n").length <= 13);
  writeFileSync(join(project, "train.mjs"), script);
  const { stdout } = await succeed(node(["train.mjs"], project));
  assert.match(stdout, /^Float32Array\(3\) \[/);
});

test("the command says what to install for picture files", async () => {
  const { status, all } = await run(command, train, project);
  assert.is(status, 1, all);
  const said = all.split("\n").filter((line) => line.startsWith("cutgpu"));
  assert.is(said.length, 1, all);
  assert.match(said[0], /read and written by the package sharp.*`npm install sharp`\.$/);
});

test("the README's script and the examples pass the checks of a strict project, declarations included", async () => {
  const asTypeScript = `${script}\nimport { Translator } from "cutgpu/cut";\nimport { runBench } from "cutgpu/bench";
import "cutgpu/chained";
import { fasterChoice, openGpu as openInNode } from "cutgpu/node";
export const inNode = (): Promise<Gpu> => openInNode({ flags: [], notify: fasterChoice });
import { type Gpu, record, type Tensor } from "cutgpu";
export const called = (gpu: Gpu, signal: AbortSignal | undefined, onProgress: (() => void) | undefined) =>
  record(gpu, () => gpu.empty([1]), undefined, { signal, onProgress });
export const chained = (x: Tensor): Tensor => x.add(1).conv2d(x, undefined, { padding: 1 }).relu().mean(0);
export const translator: typeof Translator.prototype.translate = async (picture) => picture;
export const bench: typeof runBench = runBench;
export function gradientOf(y: Tensor, x: Tensor): Tensor {
  const [dx] = grad(y, [x]);
  return dx;
}\n`;
  writeFileSync(join(project, "check.ts"), asTypeScript);
  const examples = readdirSync(join(projectFolder, "examples")).filter((name) => name.endsWith(".ts"));
  for (const name of examples) copyFileSync(join(projectFolder, "examples", name), join(project, name));
  const tsc = join(packages, "typescript", "bin", "tsc");
  const common = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    noEmit: true,
    target: "es2023",
    types: [],
  };
  // On a page, and in a worker; `preserve` finds types as bundlers do. One process parses what they share once.
  const projects = ["dom nodenext", "webworker nodenext", "dom node16", "dom preserve"].map((place) => {
    const [lib, module] = place.split(" ");
    const compilerOptions = { ...common, lib: ["es2023", lib], module };
    const file = join(project, `tsconfig.${lib}-${module}.json`);
    writeFileSync(file, JSON.stringify({ compilerOptions, files: ["check.ts", ...examples] }));
    return file;
  });
  await succeed(node([tsc, "--build", ...projects], project));
});

test("the engine alone, with all its operators, is at most 80 KiB gzipped", async () => {
  const { inputs, gzipped } = await bundle('export * from "cutgpu";');
  assert.ok(gzipped <= 80 * KIB, `${(gzipped / KIB).toFixed(1)} KiB`);
  assert.not.ok(inputs.some((path) => /package\/(cut|bench)\//.test(path)));
  assertStated(/\((\d+) KiB gzipped with all its operators/, gzipped);
});

test("an app that only multiplies matrices gets no CUT, and of the engine little else", async () => {
  const { inputs, gzipped } = await bundle('import { openGpu, matmul } from "cutgpu"; console.log(openGpu, matmul);');
  assert.equal(
    inputs.filter((path) => /package\/(cut|bench)\/|fflate|valibot|formats|convolution|patch-nce|pictures/.test(path)),
    [],
  );
  assert.ok(gzipped < 16 * KIB, `${(gzipped / KIB).toFixed(1)} KiB`);
  assertStated(/(\d+) where only `matmul` is used/, gzipped);
});

test("the chained form is in the bundle where it is imported, and nowhere else", async () => {
  const app = 'import { openGpu, matmul } from "cutgpu"; console.log(openGpu, matmul);';
  const chained = (inputs: readonly string[]) => inputs.filter((path) => path.endsWith("package/engine/chained.js"));
  assert.is(chained((await bundle(app)).inputs).length, 0);
  assert.is(chained((await bundle(`import "cutgpu/chained"; ${app}`)).inputs).length, 1);
});

test("a CNN with softmax is below 30 KiB gzipped", async () => {
  const used = "openGpu, conv2d, relu, maxPool2d, flatten, linear, softmax";
  const { gzipped } = await bundle(`import { ${used} } from "cutgpu"; console.log(${used});`);
  assert.ok(gzipped < 30 * KIB, `${(gzipped / KIB).toFixed(1)} KiB`);
  assertStated(/(\d+) for a CNN with\s+softmax/, gzipped);
});

test("its shaders, compacted, still compile", async () => {
  const packed = (file: string) =>
    import(pathToFileURL(join(project, "node_modules", "cutgpu", "dist", "package", "shaders", file)).href);
  const { texts } = await packed("software.generated.js");
  const generated: KernelSource[] = Object.values(await packed("generated.js"));
  const sources = generated.map((source) => ({ ...source, code: source.code || texts[source.name] }));
  const device = await nullDevice();
  await Promise.all(sources.map((source) => new Kernel(device, source, source.constants).compile()));
  // The forms for f16 are made of this text: as many numbers are converted as in the readable one.
  const converted = ({ code, bindings }: KernelSource) => {
    const floats = Object.keys(bindings).filter((name) => {
      const type = code.match(new RegExp(`>\\s*${name}\\s*:\\s*array<(\\w+)>`))?.[1];
      return ["f32", "vec4f"].includes(code.match(new RegExp(`alias ${type} ?= ?(\\w+);`))?.[1] ?? type ?? "");
    });
    const half = withHalves(code, floats);
    const constants = (text: string) => text.match(/^const /gm)?.length;
    assert.is(constants(half), constants(code), "each begins its line still, to be replaced");
    return half.match(/\b(f16|vec4h|f32\(\w+\[|vec4f\(\w+\[)/g)?.length ?? 0;
  };
  for (const [i, source] of sources.entries()) {
    const readable = kernels.find(({ name }) => name === source.name)!;
    assert.is(converted(source), converted(readable), `${i} ${source.name}`);
  }
  const lengths = (all: readonly KernelSource[]) => all.reduce((sum, { code }) => sum + code.length, 0);
  assert.ok(lengths(sources) < 0.75 * lengths(kernels));
});

test("the README's page is bundled by esbuild, with nothing of Node", async () => {
  assert.ok(page.trim().split("\n").length <= 13);
  const { inputs } = await bundle(pageModule);
  assert.ok(inputs.includes("node_modules/cutgpu/dist/package/cut/translation/translator.js"));
  assert.not.ok(inputs.some((path) => /engine\/(index\.node|device\/node)\.js/.test(path)));
});

test("and by Vite", async () => {
  writeFileSync(join(project, "index.html"), page);
  const vite = join(packages, "vite", "bin", "vite.js");
  await succeed(node([vite, "build", "--logLevel", "warn"], project));
  const assets = readdirSync(join(project, "dist", "assets")).filter((file) => file.endsWith(".js"));
  const text = assets.map((file) => readFileSync(join(project, "dist", "assets", file), "utf8")).join("\n");
  assert.match(text, /@compute/);
  assert.not.match(text, /from\s*"node:/);
  assert.ok(existsSync(join(project, "dist", "index.html")));
});

test.run();
