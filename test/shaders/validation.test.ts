// Every kernel, with its default constants and with others, in two validators that need no GPU: Dawn's (Chrome's) on
// its null backend, on a device with WebGPU's base limits (8 storage buffers, 16 KiB of workgroup memory, 256
// invocations), and naga (Firefox's) for all but subgroup kernels, which it does not support. Dawn gets each a second
// time with its loops unrolled.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseWgsl, validate } from "naga-wasm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Kernel } from "../../engine/device/kernel.js";
import { type KernelSource, specialize } from "../../engine/device/kernel-source.js";
import { usesSubgroups } from "../../engine/device/software-kernels.js";
import { unrolled } from "../../engine/device/unroll.js";
import { reduce_rows } from "../../shaders/generated.js";
import { kernels } from "../support/kernels.js";
import { nullDevice } from "../support/null-device.js";

type Constants = { [name: string]: number | boolean };

/** Values to try besides a constant's default, one at a time. */
const others: { [constant: string]: readonly (number | boolean)[] } = {
  WORKGROUP: [8, 64, 256],
  PER_THREAD: [1, 4, 8],
  PART: [64],
  WINDOWED: [false],
  SLICES: [1],
  EASY: [true],
  DECOUPLED: [true],
  LANES: [4, 16, 32],
  ROWS: [4],
  ROW_BLOCKS: [2, 4],
  FLIPPED: [true],
  UPSAMPLED: [true],
  SLIDES: [true],
  LOG: [true],
  KW: [1, 4, 7],
  KH: [1, 4, 7],
  R: [4],
  A_ALONG_K: [false],
  B_ALONG_K: [true],
  VEC4S: [4],
  VEC4_AT: [0, 1, 2],
  VEC4: [true],
  AXES: [1, 2, 3],
  STRIDE: [2, 3],
  // Tiles with fewer rows, columns or K elements; with larger thread tiles they have fewer invocations.
  TILE_M: [16, 32],
  TILE_N: [32],
  TILE_K: [8],
  THREAD_M: [1],
  THREAD_N: [2],
  PARTS_Y: [3],
  PARTS_X: [3],
  CHANNELS: [2, 3],
  OUT: [1, 2, 4],
  BIAS: [true],
  UNROLL: [false],
  ALPHA: [8],
  COPY: [true],
  LEAKY: [true],
  RESIDUAL: [true],
  STATS_GIVEN: [true],
  WRITE_DY: [false],
  NORMALISED: [true],
  WRITE_Y: [false],
  ACCUMULATE: [true],
  SUM_A: [true],
  REFLECT: [false],
  EXCLUDE_PAD: [true],
};

function choicesOf(source: KernelSource): Constants[] {
  return [
    {},
    ...Object.values(source.ops ?? {}).map((OP) => ({ OP })),
    ...Object.keys(source.constants).flatMap((name) => (others[name] ?? []).map((value) => ({ [name]: value }))),
  ];
}

/** Dawn's errors for a kernel, including its layout; empty if it is valid. */
async function dawnSays(source: KernelSource, constants: Constants): Promise<string> {
  const device = await nullDevice();
  try {
    await new Kernel(device, source, constants).compile();
    const code = specialize(source, constants);
    if (unrolled(code) !== code) await new Kernel(device, source, constants, unrolled).compile();
    return "";
  } catch (error) {
    const { messages } = await device.createShaderModule({ code: specialize(source, constants) }).getCompilationInfo();
    return [(error as Error).message, ...messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`)].join(
      "\n",
    );
  }
}

/** naga's error for a text; empty if it is valid. */
function nagaSays(code: string): string {
  try {
    const module = parseWgsl(code);
    validate(module).free();
    module.free();
    return "";
  } catch (error) {
    return (error as { formatted?: string }).formatted ?? String(error);
  }
}

for (const source of kernels) {
  test(`${source.name} is valid`, async () => {
    const unknown = Object.keys(source.constants).filter((name) => !(name in others) && !(name === "OP" && source.ops));
    assert.equal(unknown, [], "tunable constants without values to try: add them to `others` in this test");
    for (const constants of choicesOf(source)) {
      const label = JSON.stringify(constants);
      assert.is(await dawnSays(source, constants), "", label);
      if (!usesSubgroups(source)) assert.is(nagaSays(specialize(source, constants)), "", label);
    }
  });
}

test("the validating device has no more than WebGPU's base limits, which every kernel keeps to", async () => {
  const { limits } = await nullDevice();
  assert.is(limits.maxStorageBuffersPerShaderStage, 8);
  assert.is(limits.maxComputeWorkgroupStorageSize, 16384);
  assert.is(limits.maxComputeInvocationsPerWorkgroup, 256);
  for (const { bindings, params } of kernels) {
    assert.ok(Object.keys(bindings).length <= 8);
    assert.ok(4 * Object.keys(params).length <= 256, "uniforms are in slots of 256 bytes");
  }
});

test("both validators are able to fail", async () => {
  const source = reduce_rows as KernelSource;
  const broken = (from: string, to: string): KernelSource => ({ ...source, code: source.code.replace(from, to) });
  const misspelt = broken("var total =", "var totel =");
  assert.match(await dawnSays(misspelt, {}), /unresolved value 'total'/);
  assert.match(nagaSays(misspelt.code), /total/);
  // 17 KiB of workgroup memory, and a barrier that not all invocations reach.
  assert.match(await dawnSays(broken("array<f32, WORKGROUP>", "array<f32, 4352>"), {}), /workgroup/i);
  const divergent = broken("workgroupBarrier();", "if (local < 3) { workgroupBarrier(); }");
  assert.match(await dawnSays(divergent, {}), /uniform/);
});

/** Variables declared in a loop without an initial value and then added to. */
function unzeroed(code: string): string[] {
  const open: boolean[] = [];
  return code.split("\n").flatMap((line) => {
    const name = open.includes(true) ? line.match(/^\s*var (\w+): [^=]+;/)?.[1] : undefined;
    for (const brace of line.match(/[{}]/g) ?? []) {
      if (brace === "}") open.pop();
      else open.push(/^\s*(for|while|loop)\b/.test(line));
    }
    return name && new RegExp(`\\b${name}(\\[.*\\])? [-+*]=`).test(code) ? [name] : [];
  });
}

test("sums inside loops start from an explicit zero", () => {
  // WGSL guarantees zeros, but Dawn's SPIR-V sets them only once, before the loop.
  for (const { name, code } of kernels) assert.equal(unzeroed(code), [], name);
  const round = "for (var i = 0u; i < 3; i++) {\n  var sum: f32;\n  sum += 1.0;\n}";
  assert.equal(unzeroed(round), ["sum"]);
});

test("every shader begins by saying what it computes", () => {
  const folder = fileURLToPath(new URL("../../../shaders/", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".wgsl"));
  const noKernels = /(^|\/)lib\/|^pictures\/(from|to)_|_matrix\.wgsl$/;
  assert.is(files.filter((file) => !noKernels.test(file)).length, kernels.length);
  for (const file of files) {
    const [first] = readFileSync(`${folder}/${file}`, "utf8").split("\n");
    assert.match(first, /^\/\/ \S.{20,}/, file);
  }
});

test.run();
