// Builds the project into dist/: first every shader is reflected into shaders/generated.ts, so that bindings, members
// of uniforms, tunable constants, operations and workgroup sizes are facts of the WGSL file and never typed by hand;
// then esbuild strips the types. With --compact, after a build without it, shaders are as the package has them.
// `tsc --noEmit` is the type check; it reads the generated shaders, so a renamed binding or uniform fails it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(dirname(fileURLToPath(import.meta.url)));

// An installed package ships dist/ and no sources, and needs no building.
if (!existsSync("shaders")) process.exit(0);

const { build } = await import("esbuild");
const { WgslReflect } = await import("wgsl_reflect/wgsl_reflect.module.js");
const { compactShaders } = await import("./shaders/compact.mjs");

const filesBelow = (folder, ending) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map((file) => join(folder, file))
        .filter((file) => file.endsWith(ending) && !file.includes("node_modules"))
        .sort()
    : [];

/** `//#include lib/x.wgsl` is replaced by that file's text (once each). */
function expandIncludes(text, included = new Set()) {
  return text.replace(/^\/\/#include (\S+)$/gm, (_, name) => {
    if (included.has(name)) return "";
    included.add(name);
    return expandIncludes(readFileSync(join("shaders", name), "utf8"), included);
  });
}

/** Comments and indentation are for readers of the sources; lines keep their numbers, which compilers report. */
const plain = (code) => code.replace(/\/\/.*$/gm, "").replace(/^[ \t]+|[ \t]+$/gm, "");

/** Invocations of a workgroup along its axes: numbers, or names of the tunable constants that give them. */
function workgroupSize({ attributes }, code) {
  const { value } = attributes.find(({ name }) => name === "workgroup_size");
  return [value].flat().map((axis) => {
    const literal = code.match(new RegExp(`^const ${axis}: u32 = (\\d+);(?! // @tunable)`, "m"))?.[1] ?? axis;
    return /^\d+$/.test(literal) ? Number(literal) : axis;
  });
}

/** Values of a kernel's operations by name: the `const NAME: u32 = number; // @op` lines. */
const operationsOf = (code) =>
  Object.fromEntries(
    [...code.matchAll(/^const (\w+): u32 = (\d+); \/\/ @op\b/gm)].map(([, name, n]) => [name, Number(n)]),
  );

/**
 * What the engine must know of a kernel: its text, bindings and uniform members in order, tunable constants,
 * operations.
 */
function reflect(file) {
  const code = expandIncludes(readFileSync(file, "utf8"));
  const fail = (why) => {
    console.error(`build: ${file}: ${why}`);
    process.exit(1);
  };
  let module;
  try {
    module = new WgslReflect(code);
  } catch (error) {
    fail(error.message);
  }
  if (module.entry.compute.length !== 1) fail("expected exactly one compute entry point");
  const storage = module.storage.sort((a, b) => a.binding - b.binding);
  if (storage.some((b, i) => b.binding !== i)) fail("storage bindings must be numbered 0, 1, 2, ... in order");
  const bindings = Object.fromEntries(storage.map((v) => [v.name, v.access === "read_write" ? "write" : "read"]));
  if (storage.length > 8) fail("more than 8 storage buffers");
  if (module.uniforms.length > 1) fail("more than one uniform");
  const params = Object.fromEntries(module.uniforms[0]?.members?.map((m) => [m.name, m.type.name]) ?? []);
  if (Object.values(params).some((type) => !["u32", "i32", "f32"].includes(type)))
    fail("uniform members must be u32, i32 or f32");
  if (module.uniforms[0] && module.uniforms[0].binding !== storage.length) fail("the uniform must be the last binding");
  // Tunable constants are the `const NAME: type = literal; // @tunable` lines.
  const constants = {};
  for (const [, name, value] of code.matchAll(/^const (\w+): \w+ = ([^;]+); \/\/ @tunable/gm)) {
    constants[name] = value === "true" ? true : value === "false" ? false : Number.parseFloat(value);
  }
  const ops = operationsOf(code);
  return {
    name: basename(file, ".wgsl"),
    bindings,
    params,
    constants,
    ...(Object.keys(ops).length > 0 && { ops }),
    workgroupSize: workgroupSize(module.entry.compute[0], code),
    code: plain(code),
  };
}

/** Forms of tiled kernels for tensor cores, whose WGSL wgsl_reflect does not know: all but their texts is as there. */
const subgroupMatrixForms = filesBelow("shaders", "_matrix.wgsl").filter((file) => !file.includes("/lib/"));
/** Shaders with textures, or that draw, are few, and engine/operators/pictures binds them by hand. */
const withTextures = filesBelow("shaders/pictures", ".wgsl").filter((file) =>
  /\btexture_2d\b|@fragment\b/.test(readFileSync(file, "utf8")),
);
const kernels = filesBelow("shaders", ".wgsl")
  .filter((file) => !file.includes("/lib/") && ![...withTextures, ...subgroupMatrixForms].includes(file))
  .map(reflect);
// Texts of kernels for software adapters, tuning tables and few output channels are loaded where they are wanted.
const onDemand = ({ name, code }) =>
  /^winograd_|_skinny$/.test(name) || (/^enable subgroups;/m.test(code) && !name.startsWith("ladder_"));
// Shortest first, and those without a text last: what kernels share by inclusion then lies near enough for gzip to find
// it (bundles are 2 KiB smaller).
const order = (kernel) => (onDemand(kernel) ? Number.MAX_SAFE_INTEGER : kernel.code.length);
kernels.sort((a, b) => order(a) - order(b));
const generated = kernels
  .map((k) => (onDemand(k) ? { ...k, code: "" } : k))
  .map((k) => `export const ${k.name} = ${JSON.stringify(k, null, 1)} as const;\n`)
  .join("\n");
const texts = Object.fromEntries(kernels.filter(onDemand).map(({ name, code }) => [name, code]));
const header = "// Made by build.mjs from shaders/*.wgsl. Not to be edited.\n\n";
const writeIfChanged = (file, text) => {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
};
writeIfChanged("shaders/generated.ts", header + generated);
writeIfChanged("shaders/software.generated.ts", `${header}export const texts = ${JSON.stringify(texts, null, 1)};\n`);
const matrixTexts = Object.fromEntries(
  subgroupMatrixForms.map((file) => [basename(file, ".wgsl"), plain(expandIncludes(readFileSync(file, "utf8")))]),
);
writeIfChanged(
  "shaders/matrix.generated.ts",
  `${header}export const texts = ${JSON.stringify(matrixTexts, null, 1)};\n`,
);
/** The functions of the elementwise kernels by the kernels' names, for those that engine/program writes. */
const elementwise = ["unary", "elementary", "binary"].map((kernel) => {
  const code = expandIncludes(readFileSync(`shaders/pointwise/lib/${kernel}.wgsl`, "utf8"));
  return plain(code).replace("fn f(", `fn ${kernel}(`).replace(/\n+/g, "\n");
});
const functions = plain(readFileSync("shaders/lib/index.wgsl", "utf8")) + elementwise.join("");
writeIfChanged("shaders/pointwise.generated.ts", `${header}export const functions = ${JSON.stringify(functions)};\n`);
const pictures = withTextures.map((file) => {
  const code = expandIncludes(readFileSync(file, "utf8"));
  const [entry] = new WgslReflect(code).entry.compute;
  const shader = { ...(entry && { workgroupSize: workgroupSize(entry, code) }), code: plain(code) };
  return `export const ${basename(file, ".wgsl")} = ${JSON.stringify(shader, null, 1)} as const;\n`;
});
writeIfChanged("shaders/pictures.generated.ts", header + pictures.join("\n"));

const folders = ["bin", "engine", "shaders", "cut", "bench", "test"];
const sources = folders.flatMap((folder) => filesBelow(folder, ".ts")).filter((file) => !file.endsWith(".d.ts"));
// Stale outputs of files that were renamed or removed would go on being imported.
const wanted = new Set(sources.map((file) => join("dist", file.replace(/\.ts$/, ".js"))));
const made = folders.flatMap((folder) => filesBelow(join("dist", folder), ".js"));
for (const file of made) if (!wanted.has(file)) rmSync(file);
mkdirSync("dist", { recursive: true });
await build({
  entryPoints: sources,
  outdir: "dist",
  outbase: ".",
  format: "esm",
  platform: "neutral",
  target: "es2023",
  sourcemap: true,
  logLevel: "warning",
  plugins: process.argv.includes("--compact") ? [{ name: "compact-wgsl", setup: await compactShaders() }] : [],
});
