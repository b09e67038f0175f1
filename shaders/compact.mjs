// The library's shaders, as build-package.mjs ships them: without the spaces that a compiler does not need, and with
// names of a letter or two, the same in all shaders. A CNN's bundle is 1 KiB smaller for it, gzipped; the command's
// shaders stay readable.
import { readFileSync } from "node:fs";

/** Names but those of attributes and their values. */
const NAMES = /(?<!@|@builtin\()\b[A-Za-z_]\w*/g;
const DECLARED = /\b\w+(?=:)|(?<=\b(?:let|var|fn|alias|struct) )\w+|(?<=\bvar<[\w,]+>)\w+/g;
const RESERVED = ["as", "do", "if"];
/** Texts of shaders among those of a module: all have bindings. */
const SHADERS = /"(?:[^"\\]|\\.)*@group(?:[^"\\]|\\.)*"/g;

/** What esbuild is to do with the modules of shaders, once build.mjs has made them. */
export async function compactShaders() {
  const files = ["generated", "software.generated", "matrix.generated", "pictures.generated"].map(
    (name) => `shaders/${name}.ts`,
  );
  const texts = files.flatMap((file) => readFileSync(file, "utf8").match(SHADERS)).map((text) => JSON.parse(text));
  const kernels = Object.values(await import("../dist/shaders/generated.js"));
  const constants = new Set(kernels.flatMap((kernel) => Object.keys(kernel.constants)));
  const plain = (text) => withoutSpaces(withNumbers(text, constants));
  const bindings = kernels.flatMap((kernel) => kernel.bindings.map(({ name }) => name));
  const short = shortNames(texts.map(plain), [...constants, ...bindings]);
  const compact = (text) => plain(text).replace(NAMES, (name) => short.get(name) ?? name);
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

/** Lines of constants stay as they are, since engine/device/kernel.ts looks for them. */
function withoutSpaces(code) {
  const lines = code.split("\n").filter((line) => line.trim());
  return lines
    .map((line) =>
      /^const \w+: \w+ = /.test(line)
        ? line
        : line.replace(/ ?([+*/%!=<>|?:,;(){}]+|&&) ?/g, "$1").replace(/ - (?=[\w(])/g, "-"),
    )
    .join("\n")
    .replace(/(?<=^(?!const ).*[;{},(])\n(?!const )/gm, "");
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
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const names = [...letters, ...letters.flatMap((first) => letters.map((second) => first + second))];
  const free = names.filter((name) => !uses.has(name) && !RESERVED.includes(name)).values();
  const long = [...declared].filter((name) => name.length > 2 && !kept.has(name));
  return new Map(long.sort((a, b) => uses.get(b) - uses.get(a)).map((name) => [name, free.next().value]));
}
