// Texts that users copy (the README's blocks, the @example parts of docstrings, the files of examples/) made into
// modules that run: `cutgpu` in them is this very build of the project.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { distFolder, projectFolder } from "./command.js";

export interface Example {
  /** The file that it stands in, from the project's root. */
  file: string;
  /** Line of its first line there. */
  line: number;
  text: string;
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
      return [...source.matchAll(/^( *)\* @example\n\1\* ```ts\n((?:\1\*.*\n)*?)\1\* ```/gm)].map((found) => ({
        file,
        line: source.slice(0, found.index).split("\n").length + 2,
        text: found[2].replace(/^ *\* ?/gm, ""),
      }));
    });
}

/** The `ts` blocks of the guides. */
export function guideExamples(): Example[] {
  const folder = join("docs", "guides");
  return readdirSync(join(projectFolder, folder)).flatMap((name) => {
    const file = join(folder, name);
    const guide = readFileSync(join(projectFolder, file), "utf8");
    return [...guide.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((found) => ({
      file,
      line: guide.slice(0, found.index).split("\n").length + 1,
      text: found[1],
    }));
  });
}

/** The README's blocks of a language, in order. */
export function readmeBlocks(language: string): string[] {
  const readme = readFileSync(join(projectFolder, "README.md"), "utf8");
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, text]) => text);
}

const entries: { [name: string]: string } = {
  cutgpu: "engine/index.node.js",
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

/** Writes examples as files beside which TypeScript finds the project's types, and returns the folder. */
export function writeExamples(examples: readonly Example[]): string {
  const folder = join(distFolder, "examples");
  mkdirSync(folder, { recursive: true });
  examples.forEach(({ text }, i) => {
    writeFileSync(join(folder, `example-${i}.ts`), `${text}\nexport {};\n`);
  });
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { noEmit: true, rootDir: "../.." },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  return folder;
}
