// Texts that users copy (the README's blocks, the @example parts of docstrings, the files of examples/) made into
// modules that run: `cutgpu` in them is this very build of the project.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import ts from "typescript";
import type { Gpu } from "../../engine/index.js";
import * as engine from "../../engine/index.node.js";
import { distFolder, projectFolder } from "./command.js";

export interface Example {
  /** The file that it stands in, from the project's root. */
  file: string;
  /** Line of its first line there. */
  line: number;
  /** The module that it is. */
  text: string;
  /** Of a short one, which has no imports, what stands there: a part of the module that `completed` makes of it. */
  short?: string;
}

const ENTRY = join(projectFolder, "engine", "index.node.ts");

/** An import of what of the engine a text names, outside of texts of its own and comments. */
const importsFor = (text: string): string => {
  const code = text.replace(/"[^"\n]*"|\/\/.*$/gm, "");
  const named = Object.keys(engine).filter((name) => new RegExp(`(?<![.\\w])${name}\\b`).test(code));
  return `import { ${named.join(", ")} } from "cutgpu";`;
};

/** A short example as a module: with its imports, and with `gpu` where it uses one. */
function completed(short: string): string {
  if (!/\bgpu\b/.test(short)) return `${importsFor(short)}\n${short}`;
  const whole = `const gpu = await openGpu();\n${short}gpu.dispose();\n`;
  return `${importsFor(whole)}\n${whole}`;
}

/** The `ts` blocks after @example in the docstrings of a folder's sources. */
export function docstringExamples(folder: string): Example[] {
  const files = readdirSync(join(projectFolder, folder), { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .sort()
    .flatMap((name) => {
      const file = join(folder, name);
      const source = readFileSync(join(projectFolder, file), "utf8");
      return [...source.matchAll(/^( *)\* @example\n\1\* ```ts\n((?:\1\*.*\n)*?)\1\* ```/gm)].map((found): Example => {
        const line = source.slice(0, found.index).split("\n").length + 2;
        const text = found[2].replace(/^ *\* ?/gm, "");
        return /^import /m.test(text) ? { file, line, text } : { file, line, text: completed(text), short: text };
      });
    });
}

/** A program of TypeScript's in which every example is a file, with a strict app's options and the project's types. */
export function compiled(examples: readonly Example[]): { program: ts.Program; files: readonly string[] } {
  const folder = join(distFolder, "examples");
  mkdirSync(folder, { recursive: true });
  const files = examples.map(({ text }, i) => {
    const file = join(folder, `example-${i}.ts`);
    writeFileSync(file, `${text}\nexport {};\n`);
    return file;
  });
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
  const options = { noEmit: true, noUncheckedIndexedAccess: true };
  const config = ts.getParsedCommandLineOfConfigFile(join(projectFolder, "tsconfig.json"), options, host);
  return { program: ts.createProgram([ENTRY, ...files], config?.options ?? {}), files };
}

/** What TypeScript finds wrong with the examples, each with its place in the documentation. */
export function typeErrors(examples: readonly Example[], { program, files }: ReturnType<typeof compiled>): string[] {
  return examples.flatMap(({ file, line }, i) => {
    const source = program.getSourceFile(files[i]);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText }) => `${file}:${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
  });
}

/** What the engine exports for use, types aside: where it is declared, and the examples of its own docstring. */
export function exportedValues(program: ts.Program): { name: string; file: string; examples: string[] }[] {
  const checker = program.getTypeChecker();
  const exported = checker.getSymbolAtLocation(program.getSourceFile(ENTRY) as ts.SourceFile) as ts.Symbol;
  return checker.getExportsOfModule(exported).flatMap((symbol) => {
    const typeOnly = symbol.declarations?.some((each) => ts.isExportSpecifier(each) && each.parent.parent.isTypeOnly);
    const value = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if (typeOnly || !(value.flags & ts.SymbolFlags.Value)) return [];
    const [declaration] = value.declarations as ts.Declaration[];
    const tags = value.getJsDocTags(checker).filter(({ name }) => name === "example");
    const examples = tags.map(({ text }) => ts.displayPartsToString(text));
    return [{ name: symbol.name, file: relative(projectFolder, declaration.getSourceFile().fileName), examples }];
  });
}

/** Short examples as functions of an engine, all from one module. */
export async function shortExamples(examples: readonly Example[]): Promise<readonly ((gpu: Gpu) => Promise<void>)[]> {
  const shorts = examples.map(({ short }) => short).filter((short) => short !== undefined);
  const bodies = shorts.map((short) => `async (gpu) => {\n${short}}`);
  const text = `${importsFor(shorts.join(""))}\nexport const functions = [${bodies.join(", ")}];\n`;
  const { functions } = await runExample("short", text);
  return functions as readonly ((gpu: Gpu) => Promise<void>)[];
}

/** The blocks of a language in a Markdown file, in order. */
function blocks(file: string, language: string): Example[] {
  const text = readFileSync(join(projectFolder, file), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map((found) => ({
    file,
    line: text.slice(0, found.index).split("\n").length + 1,
    text: found[1],
  }));
}

/** The `ts` blocks of the guides. */
export function guideExamples(): Example[] {
  const folder = join("docs", "guides");
  return readdirSync(join(projectFolder, folder)).flatMap((name) => blocks(join(folder, name), "ts"));
}

/** The README's blocks of a language, in order. */
export const readmeBlocks = (language: string): string[] => blocks("README.md", language).map(({ text }) => text);

const entries: { [name: string]: string } = {
  cutgpu: "engine/index.node.js",
  "cutgpu/chained": "engine/chained.js",
  "cutgpu/cut": "cut/index.js",
  "cutgpu/bench": "bench/index.js",
};

/** Runs a module given as TypeScript and returns what it exports. */
export async function runExample(name: string, text: string): Promise<{ readonly [name: string]: unknown }> {
  const folder = join(distFolder, "examples");
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${name}.mjs`);
  await build({
    stdin: { contents: text, loader: "ts", resolveDir: projectFolder, sourcefile: name },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2023",
    logLevel: "silent",
    plugins: [
      {
        name: "this project",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^cutgpu/ }, ({ path }) => ({ path: join("..", entries[path]), external: true })),
      },
    ],
  });
  return import(pathToFileURL(outfile).href);
}
