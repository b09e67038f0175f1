// What callers may say. Every function that takes options refuses, from JavaScript too, those it does not have and
// values that cannot be, and names what it has.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Tensor } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { openGpu } from "../../../engine/index.node.js";
import { checkOptions, checkValue, flag, oneOf, whole } from "../../../engine/lib/check-options.js";
import { messageOf, rejectionOf, testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");
const image = () => gpu.empty([1, 1, 5, 5]);
const rows = () => gpu.empty([4, 2]);
const head = () => ({ w1: gpu.empty([2, 1]), b1: gpu.empty([2]), w2: gpu.empty([2, 2]), b2: gpu.empty([2]) });
const ids = () => gpu.tensor(Int32Array.of(0, 1, 2, 3));

test("known options pass, also as undefined; an unknown one is answered with those there are", () => {
  const known = { size: whole(1), deep: flag };
  checkOptions("f", { size: 3, deep: undefined }, known);
  assert.is(
    messageOf(() => checkOptions("f", { sizes: 3 }, known)),
    "ArgumentError: f has no option sizes It has: size, deep.",
  );
  assert.is(
    messageOf(() => checkOptions("f", { size: 1.5 }, known)),
    "ArgumentError: f: size cannot be 1.5 It must be a whole number, at least 1.",
  );
  for (const options of [true, null, 3])
    assert.match(
      messageOf(() => checkOptions("f", options as never, known)),
      /f: the options cannot be/,
    );
  assert.match(
    messageOf(() => checkOptions("f", ["a"], known)),
    /f has no option 0/,
  );
  assert.match(
    messageOf(() => checkOptions("f", { toString: 1 }, known)),
    /f has no option toString/,
  );
  assert.is(
    messageOf(() => checkValue("f: the mode", "c", oneOf("a", "b"))),
    'ArgumentError: f: the mode cannot be "c" It must be one of "a", "b".',
  );
});

/** Functions with options, one impossible value of each, and what else cannot be given. */
const functions: [name: string, call: (options: never) => unknown, impossible: object[], known?: object][] = [
  [
    "conv2d",
    (options) => engine.conv2d(image(), gpu.empty([1, 1, 3, 3]), undefined, options),
    [
      { groups: 0 },
      { dilation: 1.5 },
      { stride: [1, 0] },
      { paddingMode: "replicate" },
      { padding: 0.5 },
      { padding: "same" },
      { padding: [1] },
      { padding: -1 },
      { padding: null },
      { stride: 0 },
      { stride: "2" },
    ],
  ],
  [
    "convTranspose2d",
    (options) => engine.convTranspose2d(image(), gpu.empty([1, 1, 3, 3]), undefined, options),
    [{ output_padding: 1 }, { outputPadding: -1 }, { padding: "same" }, { stride: 1.5 }],
  ],
  [
    "matmul",
    (options) => engine.matmul(gpu.empty([2, 2]), gpu.empty([2, 2]), options),
    [{ transpose: true }, { transposeA: 1 }],
  ],
  [
    "instanceNorm",
    (options) => engine.instanceNorm(image(), options),
    [{ affine: true }, { activation: "gelu" }, { eps: 0 }, { slope: "0.2" }, { residual: 1 }],
  ],
  [
    "patchNce",
    (options) => engine.patchNce(rows(), rows(), options),
    [{ temperature: 1 }, { tau: 0 }, { groups: 1.5 }, { groups: undefined }, { tau: undefined }],
    { groups: 1, tau: 0.07 },
  ],
  [
    "fusedPatchNce",
    (options) => engine.fusedPatchNce(image(), ids(), head(), rows(), options),
    [{ temperature: 1 }, { tau: Number.NaN }],
    { groups: 1, tau: 0.07 },
  ],
  [
    "grad",
    (options) => {
      const x = gpu.tensor([1]).requireGrad();
      return engine.grad(engine.sum(x), [x], options);
    },
    [{ create_graph: true }, { createGraph: 1 }, { allowUnused: "yes" }, { dy: 1 }],
  ],
  [
    "backward",
    (options) => engine.backward(engine.sum(gpu.tensor([1]).requireGrad()), options),
    [{ retainGraph: true }, { allowUnused: true }],
  ],
  [
    "Adam",
    (options) => new engine.Adam(gpu, new Map(), options).dispose(),
    [{ lr: 0.1 }, { weightDecay: -0.1 }, { beta1: 1 }, { beta2: "0.9" }, { eps: -1 }],
  ],
  [
    "SGD",
    (options) => new engine.SGD(gpu, new Map(), options).dispose(),
    [{ lr: 0.1 }, { momentum: 1 }, { nesterov: 1 }, { weightDecay: "0" }],
    { momentum: 0.9, nesterov: true },
  ],
];

for (const [name, call, impossible, known = {}] of functions) {
  test(`${name} takes its own options, and no others`, () => {
    gpu.scope(() => {
      call(known as never);
      for (const options of [...impossible, true]) {
        const given = typeof options === "object" ? { ...known, ...options } : options;
        const message = messageOf(() => call(given as never));
        assert.ok(message.startsWith(`ArgumentError: ${name}`), `${JSON.stringify(options)}: ${message}`);
        assert.match(message, /(It has|It must be).*\.$/);
      }
    });
  });
}

test("an option that is undefined has its default", () => {
  const options = { stride: undefined, padding: undefined, paddingMode: undefined };
  const y = engine.conv2d(image(), gpu.empty([1, 1, 3, 3]), undefined, options as never);
  assert.equal([...y.shape], [1, 1, 3, 3]);
  assert.equal([...engine.matmul(rows(), rows(), { transposeB: true, transposeA: undefined as never }).shape], [4, 4]);
});

test("record and openGpu reject with the same", async () => {
  const record = engine.record as unknown as (...given: unknown[]) => Promise<unknown>;
  const rejected: [promise: Promise<unknown>, says: RegExp][] = [
    [record(gpu, () => {}, { signal: null }), /record: the arena cannot be/],
    [record(gpu, () => {}, undefined, { rematerialise: "cheap" }), /record has no option rematerialise/],
    [record(gpu, () => {}, undefined, { rematerialize: "all" }), /record: rematerialize cannot be "all"/],
    [openGpu({ profile: "cuda" } as never), /openGpu: profile cannot be "cuda"/],
    [openGpu({ device: gpu.device, powerPreference: "low-power" } as never), /openGpu has no option powerPreference/],
    [engine.openGpu({ device: gpu.device, profile: "cuda" } as never), /openGpu: profile cannot be "cuda"/],
  ];
  for (const [promise, says] of rejected) {
    const error = (await rejectionOf(promise)) as Error;
    assert.instance(error, engine.ArgumentError);
    assert.match(error.message, says);
  }
  assert.match(
    messageOf(() => engine.planningGpu({ profile: "cuda" as never, subgroupSize: 0 })),
    /planningGpu: profile cannot be "cuda"/,
  );
});

const x = gpu.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
/** Plain arguments that no call can take. */
const impossible: [title: string, call: () => Tensor][] = [
  ["empty: a negative size", () => gpu.empty([-1])],
  ["empty: half a size", () => gpu.empty([1.5])],
  ["empty: a number as shape", () => gpu.empty(3 as never)],
  ["empty: another dtype", () => gpu.empty([1], "f16" as never)],
  ["persistent: no number", () => gpu.persistent([Number.NaN])],
  ["tensor: a negative size", () => gpu.tensor([1, 2], [-1, -2])],
  ["reshape: sizes whose product fits", () => engine.reshape(x, [-2, -2])],
  ["reshape: halves whose product fits", () => engine.reshape(x, [1.5, 8 / 3])],
  ["alias: a number as shape", () => x.alias(4 as never)],
  ["scale: no factor", () => engine.scale(x, undefined as never)],
  ["scale: an offset of text", () => engine.scale(x, 1, "1" as never)],
  ["leakyRelu: a slope of text", () => engine.leakyRelu(x, "0.2" as never)],
  ["leakyReluGradient: a slope of text", () => engine.leakyReluGradient(x, x, "0.2" as never)],
  ["l2Normalize: options", () => engine.l2Normalize(engine.reshape(x, [2, 2]), { eps: 1 } as never)],
  ["reflectionPad2d: half a pixel", () => engine.reflectionPad2d(x, 0.5)],
  ["replicationPad2d: four paddings", () => engine.replicationPad2d(x, [1, 1, 1, 1] as never)],
  ["slice: half an image", () => engine.slice(x, 0.5, 1)],
  ["slice: no end", () => engine.slice(x, 0, undefined as never)],
  ["slice: no step", () => engine.slice(x, 0, 1, 2, 0)],
  ["stack: no array", () => engine.stack(x as never)],
  ["split: half a size", () => engine.split(x, 0.5)[0]],
  ["permute: one axis", () => engine.permute(x, 1 as never)],
  ["pad: half a pixel", () => engine.pad(x, [0.5, 1])],
  ["pad: one number", () => engine.pad(x, 1 as never)],
  ["pad: an odd number", () => engine.pad(x, [1, 1, 1])],
  ["concat: no array", () => engine.concat(x as never)],
];

for (const [title, call] of impossible) {
  test(title, () => {
    assert.match(messageOf(call), /^ArgumentError: \w+: (the|a) [a-z]+ cannot be .* It must be .*\.$/);
  });
}

test.run();
