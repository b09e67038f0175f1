// Generators as ONNX models give in another runtime (onnxruntime, WebAssembly on the CPU) what the engine gives, for
// every layout, at sizes that the generator itself does not take, and the program in docs/onnx.md works as it stands.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import * as ort from "onnxruntime-web";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pictureToPlanes } from "../../../cut/data/picture.js";
import { Generator, initialWeights, type Picture, Translator, writeParameters } from "../../../cut/index.js";
import {
  type AnyArchitecture,
  type AnyGenerator,
  isSingleImage,
  makeGenerator,
} from "../../../cut/networks/any-generator.js";
import type { Weights } from "../../../cut/networks/network.js";
import { float16Weights } from "../../../cut/onnx/float16.js";
import { generatorOnnx, type OnnxOptions } from "../../../cut/onnx/generator-graph.js";
import { generatorStateDict } from "../../../cut/training/generator-file.js";
import { padForGenerator } from "../../../cut/translation/padding.js";
import { toFloat32 } from "../../../engine/formats/state-dict.js";
import { Random } from "../../../engine/index.js";
import { projectFolder } from "../../support/command.js";
import { ownGpu } from "../../support/gpu.js";

const test = suite("ONNX");

const gpu = await ownGpu();
test.after(() => gpu.dispose());

const plain = { input_nc: 3, output_nc: 3, ngf: 4, blocks: 4, no_antialias: false, no_antialias_up: false };
const singleImage = { input_nc: 3, output_nc: 3, channels: [4, 8] as const };
const networks = { "a ResNet": plain, "SinCUT's": singleImage };
const layouts: Record<string, AnyArchitecture> = {
  "the usual one": plain,
  "no antialiasing": { ...plain, no_antialias: true, no_antialias_up: true },
  "six blocks, gray to colour": { ...plain, blocks: 6, input_nc: 1 },
  "SinCUT's": singleImage,
  "SinCUT's, gray to colour, as many channels at half the size": { ...singleImage, input_nc: 1, channels: [5, 5] },
};
/** Height and width: multiples of four, not, and smaller than the smallest that the generator takes. */
const sizes = [
  [16, 24],
  [37, 26],
  [3, 1],
];

/** Weights, biases and the noise's too, large enough that every pixel depends on them. */
function weightsOf(architecture: AnyArchitecture): Weights {
  const init = { init_type: "xavier", init_gain: 1 } as const;
  const random = new Random(3);
  const generator = makeGenerator(gpu, architecture);
  const weights =
    generator instanceof Generator
      ? initialWeights(Generator.shapes(generator.architecture), random, init)
      : generator.initialWeights(random);
  for (const [key, values] of weights) if (/bias|noise/.test(key)) values.set(values.map(() => random.normal() / 4));
  return weights;
}

function noise(width: number, height: number, channels: number): Picture {
  const random = new Random(width * height);
  const data = Uint8Array.from({ length: width * height * channels }, () => random.integer(256));
  return { width, height, channels: channels as 1 | 3, data };
}

function generatorOf(architecture: AnyArchitecture, weights: Weights): AnyGenerator {
  const generator = makeGenerator(gpu, architecture);
  writeParameters(generator.parameters, weights);
  return generator;
}

/** The engine's translation of a picture, as planes of its own size in [-1, 1]. */
async function expected(generator: AnyGenerator, picture: Picture): Promise<Float32Array> {
  const { input_nc, output_nc } = generator.architecture;
  const { planes, height, width } = padForGenerator(picture, generator.architecture);
  const input = gpu.tensor(planes, [1, input_nc, height, width]);
  const padded = await gpu.noGrad(() => generator.translate(input)).read();
  return Float32Array.from({ length: output_nc * picture.height * picture.width }, (_, i) => {
    const [x, row] = [i % picture.width, Math.floor(i / picture.width)];
    const [y, channel] = [row % picture.height, Math.floor(row / picture.height)];
    return Math.min(Math.max(padded[(channel * height + y) * width + x], -1), 1);
  });
}

const float = (pictures: Picture[]) => {
  const [{ width, height, channels }] = pictures;
  const planes = Float32Array.from(pictures.flatMap((picture) => [...pictureToPlanes(picture)]));
  return new ort.Tensor("float32", planes, [pictures.length, channels, height, width]);
};

async function run(bytes: Uint8Array, input: ort.Tensor): Promise<ort.Tensor> {
  const session = await ort.InferenceSession.create(bytes);
  const { output } = await session.run({ input });
  await session.release();
  return output;
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i])),
    a.length === b.length ? 0 : Infinity,
  );

const plainFile = { f16: false, pixels: false };
const exported = (architecture: AnyArchitecture, options: OnnxOptions = plainFile) =>
  generatorOnnx(architecture, generatorStateDict(architecture, weightsOf(architecture)), options);

for (const [name, architecture] of Object.entries(layouts)) {
  test(`${name}: onnxruntime gives what the engine gives, within 1e-4, at every size`, async () => {
    const generator = generatorOf(architecture, weightsOf(architecture));
    const session = await ort.InferenceSession.create(exported(architecture));
    for (const [height, width] of sizes) {
      const picture = noise(width, height, architecture.input_nc);
      const { output } = await session.run({ input: float([picture]) });
      assert.equal(output.dims, [1, 3, height, width]);
      assert.ok(worst(output.data as Float32Array, await expected(generator, picture)) < 1e-4, `${height} x ${width}`);
    }
  });
}

for (const [name, architecture] of Object.entries(networks)) {
  test(`${name}: pictures of a batch are translated each by itself`, async () => {
    const generator = generatorOf(architecture, weightsOf(architecture));
    const first = noise(12, 8, 3);
    const pictures = [first, { ...first, data: first.data.toReversed() }];
    const output = await run(exported(architecture), float(pictures));
    const each = await Promise.all(pictures.map((picture) => expected(generator, picture)));
    const both = each.flatMap((planes) => [...planes]);
    assert.ok(worst(output.data as Float32Array, both) < 1e-4);
  });

  test(`${name}: with pixels, bytes in and bytes out are those of the translator, but for roundings`, async () => {
    const translator = new Translator(gpu, generatorOf(architecture, weightsOf(architecture)));
    const picture = noise(37, 26, 3);
    const input = new ort.Tensor("uint8", picture.data, [1, 26, 37, 3]);
    const output = await run(exported(architecture, { f16: false, pixels: true }), input);
    const { data } = await translator.translate(picture);
    assert.is(output.type, "uint8");
    assert.ok(worst(output.data as Uint8Array, data) <= 1);
    const different = data.filter((value, i) => value !== (output.data as Uint8Array)[i]).length;
    assert.ok(different < data.length / 100, `${different} bytes`);
    translator.dispose();
  });

  test(`${name}: the graph gives every name once and before it is used, and its axes are free`, () => {
    const { graph, opsetImport, irVersion } = fromBinary(ModelProtoSchema, exported(architecture));
    assert.equal([opsetImport[0].version, irVersion], [isSingleImage(architecture) ? 18n : 17n, 8n]);
    const known = new Set(["input"]);
    const define = (name: string) => {
      assert.not(known.has(name), name);
      known.add(name);
    };
    for (const { name } of graph?.initializer ?? []) define(name);
    for (const node of graph?.node ?? []) {
      for (const name of node.input) assert.ok(known.has(name), `${node.name} reads ${name}`);
      for (const name of node.output) define(name);
    }
    // Right behind a leaky ReLU, onnxruntime-web's WebGPU would take the clip in its place.
    const clips = graph?.node.filter(({ opType }) => opType === "Clip") ?? [];
    assert.equal(
      clips.map(({ input }) => input[0].replace(/_\d+$/, "")),
      ["Slice"],
    );
    const axes = [graph?.input[0], graph?.output[0]].map((port) => {
      const type = port?.type?.value;
      return type?.case === "tensorType" ? type.value.shape?.dim.map(({ value }) => value.value) : [];
    });
    assert.equal(axes, Array(2).fill(["batch", 3n, "height", "width"]));
  });
}

test("weights as float16 are half of the file, and compute what these weights compute", async () => {
  const rounded = new Map(
    [...weightsOf(plain)].map(([key, values]) => {
      const half = { dtype: "F16" as const, shape: [values.length], data: float16Weights(values) };
      return [key, toFloat32(half)];
    }),
  );
  const [file, half] = [exported(plain), exported(plain, { f16: true, pixels: false })];
  assert.ok(half.length < 0.65 * file.length, `${half.length} of ${file.length} bytes`);
  const picture = noise(16, 24, 3);
  const output = await run(half, float([picture]));
  const ours = await expected(generatorOf(plain, rounded), picture);
  assert.ok(worst(output.data as Float32Array, ours) < 1e-4);
});

test("SinCUT's weights as float16 are half of its file, and make little difference", async () => {
  const architecture = { ...singleImage, channels: [16, 16] as const };
  const [file, half] = [exported(architecture), exported(architecture, { f16: true, pixels: false })];
  assert.ok(half.length < 0.65 * file.length, `${half.length} of ${file.length} bytes`);
  // Rounded is what demodulation and equalising made of the weights, so that the engine cannot compute the same.
  const picture = noise(16, 24, 3);
  const outputs = await Promise.all([file, half].map((bytes) => run(bytes, float([picture]))));
  const difference = worst(...(outputs.map(({ data }) => data) as [Float32Array, Float32Array]));
  assert.ok(difference > 0 && difference < 5e-3, `${difference}`);
});

test("halves are rounded to the nearest, ties to even, and read back as they were", () => {
  const bits = Uint16Array.from({ length: 0x7c00 }, (_, i) => i);
  const halves = toFloat32({ dtype: "F16", shape: [bits.length], data: bits });
  assert.equal(float16Weights(halves), bits);
  assert.equal(float16Weights(halves.map((value) => -value)).slice(1), bits.map((half) => half + 0x8000).slice(1));
  // Half-way between two halves, and a little to either side.
  const between = Float32Array.of(
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    1 + 2 ** -11 + 2 ** -20,
    65519,
    2 ** -25,
    3 * 2 ** -25,
  );
  assert.equal([...float16Weights(between)], [0x3c00, 0x3c02, 0x3c01, 0x7bff, 0, 2]);
  for (const value of [65520, -1e6, Number.NaN])
    assert.throws(() => float16Weights(Float32Array.of(value)), /does not fit into float16/);
});

test("the program in docs/onnx.md translates a picture", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cutgpu-onnx-"));
  try {
    writeFileSync(join(folder, "model.onnx"), exported(plain, { f16: true, pixels: true }));
    const [, block] = readFileSync(join(projectFolder, "docs", "onnx.md"), "utf8").match(/```js\n(.*?)```/s) ?? [];
    const runtime = createRequire(import.meta.url).resolve("onnxruntime-web");
    const text = block
      .replace('"onnxruntime-web"', JSON.stringify(pathToFileURL(runtime).href))
      .replace('"model.onnx"', JSON.stringify(join(folder, "model.onnx")));
    writeFileSync(join(folder, "program.mjs"), text);
    const Image = class {
      constructor(
        readonly data: Uint8ClampedArray,
        readonly width: number,
        readonly height: number,
      ) {}
    };
    Object.assign(globalThis, { ImageData: Image });
    const { translate } = await import(pathToFileURL(join(folder, "program.mjs")).href);
    const rgba = new Uint8ClampedArray(20 * 12 * 4).map((_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256));
    const image = await translate(new Image(rgba, 20, 12));
    assert.equal([image.width, image.height, image.data.length], [20, 12, 20 * 12 * 4]);
    assert.ok(image.data.every((value: number, i: number) => i % 4 !== 3 || value === 255));
    assert.ok(new Set(image.data).size > 10);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
