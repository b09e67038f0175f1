// Makes what is published, dist/package, after build.mjs: the library with its types, and the command.
// The library is the modules that its entries reach, one file each, and not a bundle: bundlers of apps drop whole
// modules (package.json says that none has side effects), and less of a bundle. The command is a bundle with the
// packages that only it needs, so that nobody else installs them.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import ts from "typescript";
import { compactShaders } from "./shaders/compact.mjs";

process.chdir(dirname(fileURLToPath(import.meta.url)));

const outdir = "dist/package";
const entries = ["engine/index.ts", "engine/index.node.ts", "engine/chained.ts", "cut/index.ts", "bench/index.ts"];
rmSync(outdir, { recursive: true, force: true });

const common = { format: "esm", target: "es2023", sourcemap: true, logLevel: "warning", metafile: true };
// What users install, or what the command looks for and can do without.
const external = ["fflate", "valibot", "webgpu", "sharp", "esbuild", "playwright-core"];

const reached = await build({
  ...common,
  entryPoints: entries,
  bundle: true,
  write: false,
  outdir,
  // Node's modules are reached from the entry for Node alone.
  platform: "neutral",
  external: [...external, "node:*"],
});
await build({
  ...common,
  entryPoints: Object.keys(reached.metafile.inputs),
  outdir,
  outbase: ".",
  platform: "neutral",
  plugins: [{ name: "compact-wgsl", setup: await compactShaders() }],
});

const command = await build({
  ...common,
  // The benchmark starts the second as a process of its own.
  entryPoints: { cutgpu: "bin/main.ts", "cold-start": "bench/node/cold-start.ts" },
  outdir: join(outdir, "command"),
  sourcemap: false,
  bundle: true,
  splitting: true,
  platform: "node",
  external,
  // Some of the bundled packages are CommonJS and ask for Node's modules by require.
  banner: { js: 'import { createRequire as cjs } from "node:module"; const require = cjs(import.meta.url);' },
});
writeFileSync(join(outdir, "command", "LICENSES.txt"), licences(command.metafile));

writeTypes();

/** The licence texts of the packages bundled into the command. */
function licences({ inputs }) {
  const folders = new Set(
    Object.keys(inputs).flatMap((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE", "LICENSE-MIT.txt"]
      .map((candidate) => join(folder, candidate))
      .find((candidate) => existsSync(candidate));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(file, "utf8").trim() : ""}\n`;
  });
  return `The command includes these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

/** Declarations of all that the entries' public declarations reach. */
function writeTypes() {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile("tsconfig.json", ts.sys.readFile).config,
    ts.sys,
    ".",
  );
  const program = ts.createProgram(entries, {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: outdir,
  });
  const texts = new Map();
  const { diagnostics } = program.emit(
    undefined,
    (file, text) => texts.set(relative(".", file), text),
    undefined,
    true,
  );
  for (const { messageText } of diagnostics) throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
  const write = (file, head = "") => {
    const text = texts.get(file);
    texts.delete(file);
    if (text === undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, head + withUndefined(text));
    for (const [, target] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)\.js"/g)) {
      write(join(dirname(file), `${target}.d.ts`));
    }
  };
  // Names such as GPUDevice, and Symbol.dispose, come from there.
  for (const entry of entries) {
    write(
      join(outdir, entry.replace(/\.ts$/, ".d.ts")),
      '/// <reference types="@webgpu/types" />\n/// <reference lib="esnext.disposable" />\n',
    );
  }
}

/**
 * Declarations in which what is optional may also be undefined, as it may for the compiler options of these sources:
 * under exactOptionalPropertyTypes apps could not hand on an option of theirs, such as a signal that may be undefined.
 */
function withUndefined(text) {
  const source = ts.createSourceFile("types.d.ts", text, ts.ScriptTarget.Latest, true);
  const edits = [];
  const visit = (node) => {
    if (node.questionToken && (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node))) {
      const { type } = node;
      const [open, close] = ts.isFunctionTypeNode(type) || ts.isConditionalTypeNode(type) ? ["(", ")"] : ["", ""];
      edits.push([type.getStart(), open], [type.getEnd(), `${close} | undefined`]);
    }
    if (node.questionToken && ts.isMethodSignature(node)) {
      const { questionToken, parameters, type } = node;
      edits.push([questionToken.getEnd(), ": ("], [type.getEnd(), ") | undefined"]);
      const arrow = text.indexOf(":", text.indexOf(")", parameters.end));
      edits.push([arrow, " =>", 1]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  let result = text;
  for (const [at, insert, removed = 0] of edits.toSorted(([a], [b]) => b - a)) {
    result = result.slice(0, at) + insert + result.slice(at + removed);
  }
  return result;
}
