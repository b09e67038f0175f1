// Shaders as the package has them are the same programs as the readable ones: naga makes the same SPIR-V of both, which
// has no names. Limits: naga does not know subgroups; test:compact runs those kernels.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseWgsl, validate, writeSpirv } from "naga-wasm";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { usesSubgroups } from "../../engine/device/software-kernels.js";
import { projectFolder } from "../support/command.js";
import { kernels } from "../support/kernels.js";

const test = suite("compact shaders");

const { compaction } = await import(pathToFileURL(join(projectFolder, "shaders", "compact.mjs")).href);
const compact: (text: string) => string = await compaction();

function spirvOf(code: string): string {
  const module = parseWgsl(code);
  return String(writeSpirv(module, validate(module)));
}

const tunable = new Set(kernels.flatMap(({ constants }) => Object.keys(constants)));

/** A text in which numbers stand for the constants that nobody replaces, as in compact ones. */
const withNumbers = (code: string) =>
  [...code.matchAll(/^const (\w+): u32 = (\d+);\n/gm)]
    .filter(([, name]) => !tunable.has(name))
    .reduce((text, [line, name, n]) => text.replace(line, "").replace(new RegExp(`\\b${name}\\b`, "g"), `${n}u`), code);

for (const { name, code } of kernels.filter((kernel) => !usesSubgroups(kernel))) {
  test(name, () => assert.is(spirvOf(compact(code)), spirvOf(withNumbers(code))));
}

test("names are gone, but for what the engine knows", () => {
  const code = compact(kernels.find(({ name }) => name === "unary")!.code);
  assert.match(code, /^const PER_THREAD:u32=1;$/m);
  assert.match(code, /var<storage,read>x:array<vec4f>;/);
  assert.not.match(code, /params|vec4s|group:|RELU/);
});

test.run();
