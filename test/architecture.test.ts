// The rules of the architecture, read from the sources with TypeScript's own parser: which folder may import which, no
// cycles, where Node may be used, how long files and lines are, and that comments name files that exist.
// ARCHITECTURE.md explains the folders.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  commentsOf,
  cyclesOf,
  type Import,
  importsOf,
  type Source,
  sourceFiles,
  textFiles,
} from "./support/sources.js";

const test = suite("architecture");
const sources = sourceFiles();
const imports = sources.flatMap((source) => importsOf(source));

/** The folders from the bottom up: a folder imports itself and those before it. */
const FOLDERS = ["shaders", "engine", "cut", "bench", "bin"];
/** Where `node:` and native packages may be imported: the rest runs in a browser. */
const NODE_FOLDERS = [
  ...["engine/open/node.ts", "engine/open/collect-bind-groups.ts", "cut/files/", "cut/cli/"],
  ...["cut/demo/openmoji.ts", "cut/demo/page-drawings.ts", "cut/demo/ship-model.ts"],
  ...["cut/demo/ladder-scenes.ts", "cut/demo/ladder-document.ts"],
  ...["cut/web/build.ts", "cut/web/server.ts", "bench/node/", "bench/peers/", "bench/commands/", "bin/"],
];
/** Packages that need Node or a native binary. */
const NATIVE = /^(node:|webgpu$|sharp$|esbuild$|playwright-core$|openmoji|cli-progress$)/;
/** The folders of the engine from the bottom up, in levels that do not import each other; then its main files. */
const ENGINE = [["lib"], ["device"], ["tuning"], ["core"], ["operators"], ["formats", "open", "optimizers", "program"]];
/** The folder whose files are one in their types: a tensor has an engine, and an engine makes tensors. */
const ONE_IN_TYPES = /^engine\/core\//;
const FILE_LINES = 350;
const LINE_COLUMNS = 120;

/** Fails with every breach in a line of its own, and with what to do. */
function none(breaches: readonly string[], fix: string): void {
  assert.ok(breaches.length === 0, `${breaches.join("\n")}\n${fix}`);
}

const show = ({ from, to, line }: Import) => `${from}:${line} imports ${to}`;
const levelOf = (path: string) => FOLDERS.indexOf(path.split("/")[0]);

test("the parser sees the sources and their imports", () => {
  assert.ok(sources.length > 150 && imports.length > 500);
  assert.ok(imports.some(({ typeOnly }) => typeOnly) && imports.some(({ typeOnly }) => !typeOnly));
});

test("imports run one way: bin -> bench -> cut -> engine -> shaders", () => {
  const upwards = imports.filter(({ from, to }) => levelOf(to) > levelOf(from));
  none(upwards.map(show), "Hand the thing down as a parameter, or move it to the lower folder.");
  const fromTests = imports.filter(({ to }) => to.startsWith("test/"));
  none(fromTests.map(show), "Nothing imports the tests: move the helper to the folder that needs it.");
});

test("in the engine, too: operators -> core -> tuning -> device -> lib", () => {
  const levelInside = (path: string) => {
    const [, folder] = path.match(/^engine\/(\w+)\//) ?? [];
    return folder ? ENGINE.findIndex((level) => level.includes(folder)) : ENGINE.length;
  };
  const folderOf = (path: string) => path.split("/").slice(0, 2).join("/");
  const inside = imports.filter(({ from, to }) => from.startsWith("engine/") && to.startsWith("engine/"));
  assert.ok(inside.every(({ from }) => levelInside(from) >= 0));
  const astray = inside.filter(({ from, to }) => {
    const above = levelInside(to) - levelInside(from);
    return above > 0 || (above === 0 && levelInside(to) < ENGINE.length && folderOf(from) !== folderOf(to));
  });
  none(astray.map(show), "Move what both need down a folder, or the file up.");
});

test("no cycles of value imports", () => {
  const cycles = cyclesOf(imports.filter(({ typeOnly }) => !typeOnly));
  none(
    cycles.map((files) => files.join(" <-> ")),
    "Take what both need into a third file, or give one the other's function as an argument.",
  );
});

test("cycles of types stay inside engine/core", () => {
  const outside = cyclesOf(imports).filter((files) => files.some((file) => !ONE_IN_TYPES.test(file)));
  none(
    outside.map((files) => files.join(" <-> ")),
    "Declare the shared type in a file of its own that imports neither.",
  );
});

test("Node and native packages are imported only in the folders named for it", () => {
  const allowed = (from: string) => NODE_FOLDERS.some((folder) => from.startsWith(folder));
  none(
    imports.filter(({ from, to, typeOnly }) => !typeOnly && NATIVE.test(to) && !allowed(from)).map(show),
    `The rest runs in a browser: move the file to one of ${NODE_FOLDERS.join(", ")}, or pass in what it needs.`,
  );
});

test("families of operators reach each other only through their main file", () => {
  const family = (path: string) => path.match(/^engine\/operators\/([^/]+)\//)?.[1];
  const sideways = imports.filter(({ from, to }) => {
    const [own, other] = [family(from), family(to)];
    if (!other || other === "lib" || other === own || to.endsWith("/index.ts")) return false;
    // The float64 references are a tree of their own beside the operators.
    return !/\/reference\.ts$/.test(to) || !/\/(reference|lib\/reference\/\w+)\.ts$/.test(from);
  });
  const inside = sideways.filter(({ from }) => from.startsWith("engine/operators/"));
  none(inside.map(show), "Import the family's index.ts, and export there what others need.");
});

test("every path that a comment or a document names exists", () => {
  const names = new Set(textFiles().map(({ path }) => path.split("/").at(-1)));
  const missing = textFiles().flatMap((file) =>
    commentsOf(file).flatMap(({ text: comment, line }) => {
      const text = comment.replace(/https?:\S+/g, "");
      const paths = text.match(PATHS) ?? [];
      const gone = paths.filter((path) => !exists(path));
      const files = text.match(/(?<![\w./*<>-])[a-z][\w-]*\.(?:ts|wgsl|mjs|md)\b/g) ?? [];
      return [...gone, ...files.filter((name) => !names.has(name))].map((name) => `${file.path}:${line}: ${name}`);
    }),
  );
  none(missing, "Name the file as it is called now, or leave the name out.");
});

/** Paths from the project's root. */
const PATHS = /(?<![\w./-])(?:engine|shaders|cut|bench|bin|test|docs|examples)\/[\w./-]*\w/g;

/** Whether a path is there, as it stands, as a source, or built. */
function exists(path: string): boolean {
  return ["", ".ts", ".wgsl"].some((ending) => existsSync(join(process.cwd(), path + ending))) || GENERATED.test(path);
}

/** What a build or a user's command makes. */
const GENERATED = /^(docs\/api|shaders\/(\w+\.)?generated\.ts|bench\/report\.html)/;

test(`no file has more than ${FILE_LINES} lines`, () => {
  const long = textFiles().filter(({ path }) => /\.(ts|mjs|wgsl|css|html)$/.test(path));
  none(
    long.flatMap(({ path, lines }) => (lines.length > FILE_LINES ? [`${path}: ${lines.length} lines`] : [])),
    "Split it by idea: what would a reader look for under a name of its own?",
  );
});

test(`no line has more than ${LINE_COLUMNS} columns`, () => {
  const wide = textFiles().flatMap(({ path, lines }) =>
    lines.flatMap((text, i) => ([...text].length > LINE_COLUMNS ? [`${path}:${i + 1}`] : [])),
  );
  none(wide, "Break the line; long texts go into template strings or arrays.");
});

test("no object is spread only to steer the formatter", () => {
  const isCode = ({ path }: Source) => /\.(ts|mjs)$/.test(path);
  const spreads = textFiles()
    .filter(isCode)
    .flatMap(({ path, lines }) => lines.flatMap((text, i) => (/\.\.\.\{ /.test(text) ? [`${path}:${i + 1}`] : [])));
  none(spreads, "Write the properties plainly.");
});

test.run();
