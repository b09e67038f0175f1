// The library's shaders, as build-package.mjs ships them: without the spaces that a compiler does not need, and with
// names of a letter or two. One name is the same in all shaders, so that gzip finds what they share; names that are
// never visible together may have the same letter. A CNN's bundle is 2.6 KiB smaller for it, gzipped; the command's
// shaders stay readable.
import { readFileSync } from "node:fs";

/** Names but those of attributes and their values, and members of structures, marked by #. */
const NAMES = /#\w+|(?<!@|@builtin\()\b[A-Za-z_]\w*/g;
const DECLARED = /#?\b\w+(?=:)|(?<=\b(?:let|var|const|fn|alias|struct) )\w+|(?<=\bvar<[\w,]+>)\w+/g;
const RESERVED = ["as", "do", "fn", "if"];
/** Texts of shaders among those of a module: all have bindings. */
const SHADERS = /"(?:[^"\\]|\\.)*@group(?:[^"\\]|\\.)*"/g;

/** What makes a shader's text compact, once build.mjs has made them all. */
export async function compaction() {
  const files = ["generated", "software.generated", "matrix.generated", "pictures.generated"].map(
    (name) => `shaders/${name}.ts`,
  );
  const texts = files.flatMap((file) => readFileSync(file, "utf8").match(SHADERS)).map((text) => JSON.parse(text));
  const kernels = Object.values(await import("../dist/shaders/generated.js"));
  const constants = new Set(kernels.flatMap((kernel) => Object.keys(kernel.constants)));
  const plain = (text) => marked(withoutSpaces(withNumbers(text, constants)));
  const bindings = kernels.flatMap((kernel) => Object.keys(kernel.bindings));
  const short = shortNames(texts.map(plain), [...constants, ...bindings]);
  return (text) => plain(text).replace(NAMES, (name) => short.get(name) ?? name.replace("#", ""));
}

/** What esbuild is to do with the modules of shaders. */
export async function compactShaders() {
  const compact = await compaction();
  return ({ onLoad }) =>
    onLoad({ filter: /generated\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8").replace(SHADERS, (text) => JSON.stringify(compact(JSON.parse(text)))),
    }));
}

/** Numbers in the place of constants that nobody replaces, such as the names of operations. */
function withNumbers(code, constants) {
  let text = code;
  for (const [line, name, value] of code.matchAll(/^const (\w+): u32 = (\d+);\n/gm)) {
    if (!constants.has(name)) text = text.replace(line, "").replace(new RegExp(`\\b${name}\\b`, "g"), `${value}u`);
  }
  return text;
}

/** Every constant of the module begins a line, since engine/device/kernel-source.ts looks for it there. */
const withoutSpaces = (code) =>
  code
    .replace(/ - (?=[\w(])/g, "-")
    .replace(/ *([+*/%!=<>|&^?:,;(){}]+) */g, "$1")
    .replace(/\n+/g, "\n")
    .trimStart()
    .replace(/(?<=^(?!const ).*[;{},()])\n(?!const )/gm, "");

/** A shader with a mark on members of structures, which may have the names of anything else. */
const marked = (code) =>
  code
    .replace(/\bstruct \w+\{[^}]*\}/g, (structure) => structure.replace(/\w+(?=:)/g, "#$&"))
    .replace(/\.(?=[A-Za-z_])/g, ".#");

/** Names that must differ from each other: those of a structure's members; those in a function and outside of it. */
function scopesOf(code) {
  const namesIn = (text, mark) => (text.match(NAMES) ?? []).filter((name) => name.startsWith("#") === mark);
  const [head, ...blocks] = `\n${code}`.split(/\b(?=(?:fn|struct) )/);
  const outside = namesIn(head, false);
  const scopes = blocks.map((block) => {
    let depth = 0;
    const braces = [...block.matchAll(/[{}]/g)];
    const { index } = braces.find(([brace]) => (brace === "{" ? ++depth : --depth) === 0);
    const [declared] = block.match(/\w+ \w+/);
    outside.push(...namesIn(declared + block.slice(index), false));
    const mark = declared.startsWith("struct");
    return { mark, names: new Set(namesIn(block.slice(0, index), mark)) };
  });
  return scopes.map(({ mark, names }) => (mark ? names : new Set([...names, ...outside])));
}

/**
 * New names by old ones, the most used first. What the engine knows by name keeps it: tunable constants, bindings,
 * entry points; so does what some shader calls without having declared it, which is WGSL's own.
 */
function shortNames(codes, known) {
  const uses = new Map();
  const declared = new Set();
  const kept = new Set(known);
  for (const code of codes) {
    const called = new Set(Array.from(code.matchAll(/(?<!@)\b(\w+)\(/g), ([, name]) => name));
    for (const [, name] of code.matchAll(/\b(?:fn|alias|struct) (\w+)/g)) called.delete(name);
    for (const [, name] of code.matchAll(/@(?:compute|vertex|fragment)\b.*?\bfn (\w+)/gs)) called.add(name);
    for (const name of called) kept.add(name);
    for (const [name] of code.matchAll(DECLARED)) declared.add(name);
    for (const [name] of code.matchAll(NAMES)) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  const renamed = new Set([...declared].filter((name) => /\w\w/.test(name) && !kept.has(name)));
  const scopes = codes.flatMap(scopesOf).map((names) => {
    const others = [...names].filter((name) => !renamed.has(name)).map((name) => name.replace("#", ""));
    return { names, taken: new Set([...others, ...RESERVED]) };
  });
  // gzip likes the letters best of which WGSL's own words have many.
  const letters = [..."etarniulsocdfpmgbvhwkyxjzqABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const candidates = [...letters, ...letters.flatMap((first) => letters.map((second) => first + second))];
  const short = new Map();
  for (const name of [...renamed].sort((a, b) => uses.get(b) - uses.get(a))) {
    const around = scopes.filter(({ names }) => names.has(name));
    const free = candidates.find((candidate) => !around.some(({ taken }) => taken.has(candidate)));
    for (const { taken } of around) taken.add(free);
    short.set(name, free);
  }
  return short;
}
