// A picture translated by tiles is the picture translated whole: no seams, whatever the sizes and the network.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  Generator,
  type GeneratorArchitecture,
  initialWeights,
  memoryScratch,
  type Picture,
  TiledTranslator,
  Translator,
  writeParameters,
} from "../../../cut/index.js";
import { SingleImageGenerator } from "../../../cut/networks/single-image-generator.js";
import { planTiles } from "../../../cut/translation/tile-plan.js";
import { ArgumentError, type Gpu, LimitError, Random, type Tensor } from "../../../engine/index.js";
import { halfGpu, ownGpu, rejectionOf } from "../../support/gpu.js";
import { onHalves } from "../../support/half.js";
import { limitMemory } from "../../support/small-memory.js";

const test = suite("tiled translator");

const gpu = await ownGpu();
test.after(() => gpu.dispose());

function makeGenerator(changes: Partial<GeneratorArchitecture> = {}, on: Gpu = gpu): Generator {
  const plain = { input_nc: 3, output_nc: 3, ngf: 4, blocks: 4, no_antialias: false, no_antialias_up: false };
  const architecture = Object.assign(plain, changes);
  const generator = new Generator(on, architecture);
  const init = { init_type: "kaiming", init_gain: 1 } as const;
  const weights = initialWeights(Generator.shapes(architecture), new Random(1), init);
  writeParameters(generator.parameters, weights);
  return generator;
}

/** SinCUT's, with noise that is seen and an output of the size of other generators'. */
function makeSingleImageGenerator(): SingleImageGenerator {
  const generator = new SingleImageGenerator(gpu, { input_nc: 3, output_nc: 3, channels: [6, 10] });
  const weights = generator.initialWeights(new Random(1));
  weights.get("decoder.convs.3.noise.weight")?.fill(0.5);
  writeParameters(generator.parameters, weights);
  return generator;
}

/** Planes whose left and right half, and upper and lower, have other statistics. */
function unevenPlanes(channels: number, height: number, width: number): Float32Array {
  const random = new Random(2);
  return Float32Array.from({ length: channels * height * width }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    return 0.4 * Math.sin(x / 3) * (x < width / 2 ? 1 : 0.1) + (0.4 * y) / height + 0.2 * random.next();
  });
}

/** The largest difference between the translation by tiles and that of the whole. */
async function difference(
  generator: Generator | SingleImageGenerator,
  [height, width]: [number, number],
  tile: number,
  on: Gpu = gpu,
): Promise<number> {
  const { input_nc, output_nc } = generator.architecture;
  const planes = unevenPlanes(input_nc, height, width);
  const x = on.tensor(planes, [1, input_nc, height, width]);
  const translated = on.noGrad(() => on.scope(() => generator.translate(x)));
  const whole = await translated.read();
  for (const tensor of [x, translated]) tensor.dispose();
  const copied = new Float32Array(output_nc * height * width).fill(Number.NaN);
  await new TiledTranslator(on, generator, { tile }).translatePlanes({
    width,
    height,
    read(window) {
      const values: number[] = [];
      for (let c = 0; c < input_nc; c++)
        for (let y = 0; y < window.height; y++)
          for (let x = 0; x < window.width; x++)
            values.push(planes[(c * height + window.top + y) * width + window.left + x]);
      return Float32Array.from(values);
    },
    write({ inner, window }, data) {
      for (let c = 0; c < output_nc; c++)
        for (let y = inner.top; y < inner.top + inner.height; y++)
          for (let x = inner.left; x < inner.left + inner.width; x++)
            copied[(c * height + y) * width + x] =
              data[(c * window.height + y - window.top) * window.width + x - window.left];
    },
  });
  return whole.reduce((most, value, i) => Math.max(most, Number.isNaN(copied[i]) ? 9 : Math.abs(value - copied[i])), 0);
}

const BOUND = 1e-4;

test("tiles of any size, of pictures that they do not divide", async () => {
  const generator = makeGenerator();
  for (const [sides, tile] of [
    [[44, 60], 16],
    [[52, 84], 32],
    [[8, 48], 20],
    [[36, 36], 2 ** 32],
  ] as [[number, number], number][]) {
    const most = await difference(generator, sides, tile);
    assert.ok(most <= BOUND, `${sides} by ${tile}: off by ${most}`);
  }
});

onHalves(test)("in f16 a map whose squares f16 cannot hold", async () => {
  const half = await halfGpu("software");
  const generator = makeGenerator({}, half);
  const first = generator.parameters.get("model.1.weight") as Tensor;
  first.write((await first.read()).map((weight) => 2000 * weight));
  const most = await difference(generator, [40, 60], 32, half);
  assert.ok(most <= 0.02, `off by ${most}`);
});

test("every form of the generator", async () => {
  for (const changes of [
    { no_antialias: true },
    { no_antialias_up: true },
    { no_antialias: true, no_antialias_up: true },
    { input_nc: 1, output_nc: 1, blocks: 6 },
  ]) {
    const most = await difference(makeGenerator(changes), [40, 60], 32);
    assert.ok(most <= BOUND, `${JSON.stringify(changes)}: off by ${most}`);
  }
});

test("SinCUT's generator, with the noise of the whole", async () => {
  const before = gpu.memory().liveBuffers;
  const generator = makeSingleImageGenerator();
  for (const [sides, tile] of [
    [[100, 132], 16],
    [[84, 100], 32],
  ] as [[number, number], number][]) {
    const most = await difference(generator, sides, tile);
    assert.ok(most <= BOUND, `${sides} by ${tile}: off by ${most}`);
  }
  for (const parameter of generator.parameters.values()) parameter.dispose();
  assert.is(gpu.memory().liveBuffers, before);
});

const gray: Picture = { width: 37, height: 5, channels: 1, data: Uint8Array.from({ length: 185 }, (_, i) => 7 * i) };

test("a picture of odd sides keeps its size, to a level as it is translated whole, and no memory is left", async () => {
  const generator = makeGenerator();
  const translator = new Translator(gpu, generator);
  const whole = await translator.translate(gray);
  translator.dispose();
  const before = gpu.memory().liveBuffers;
  const fractions: number[] = [];
  const tiled = new TiledTranslator(gpu, generator, { tile: 16 });
  const picture = await tiled.translate(gray, null, { onProgress: (part) => fractions.push(part) });
  assert.equal([picture.width, picture.height, picture.channels], [37, 5, 3]);
  assert.ok(picture.data.every((level, i) => Math.abs(level - whole.data[i]) <= 1));
  assert.is(gpu.memory().liveBuffers, before);
  assert.equal(
    fractions,
    fractions.toSorted((a, b) => a - b),
  );
  assert.ok(Math.abs((fractions.at(-1) as number) - 1) < 1e-9);
  const scaled = await tiled.translate(gray, 20);
  assert.equal([scaled.width, scaled.height], [20, 3]);
});

test("called off or failed, it gives all memory and the store back", async () => {
  const generator = makeGenerator();
  const before = gpu.memory().liveBuffers;
  let open = 0;
  const scratch = (numbers: number) => {
    open++;
    const memory = memoryScratch(numbers);
    const write = () => {
      throw new Error("full");
    };
    return { read: memory.read, write, close: () => void open-- };
  };
  const full = new TiledTranslator(gpu, generator, { tile: 16, scratch });
  assert.is(((await rejectionOf(full.translate(gray))) as Error).message, "full");
  const stop = new AbortController();
  const onProgress = (part: number) => {
    if (part > 0.3) stop.abort();
  };
  const tiled = new TiledTranslator(gpu, generator, { tile: 16 });
  assert.is(await rejectionOf(tiled.translate(gray, null, { signal: stop.signal, onProgress })), stop.signal.reason);
  assert.equal([open, gpu.memory().liveBuffers], [0, before]);
});

test("where the GPU has no memory for the tiles that were planned, smaller ones are taken", async () => {
  const data = Uint8Array.from({ length: 3 * 120 * 120 }, (_, i) => (i * 7 + (i >> 8)) % 256);
  const picture: Picture = { width: 120, height: 120, channels: 3, data };
  const wanted = await new TiledTranslator(gpu, makeGenerator()).translate(picture);
  const small = await ownGpu();
  const generator = makeGenerator({}, small);
  limitMemory(small.device, 2 ** 20);
  assert.instance(await rejectionOf(new Translator(small, generator).translate(picture)), LimitError);
  const { data: found } = await new TiledTranslator(small, generator).translate(picture);
  assert.ok(found.every((value, i) => Math.abs(value - wanted.data[i]) <= 1));
  const refused = (await rejectionOf(new TiledTranslator(small, generator, { tile: 128 }).translate(picture))) as Error;
  assert.is(refused.message, "tiles of 128 pixels do not fit: the GPU is out of memory (no memory is left)");
  assert.is(small.failure, null);
  small.dispose();
});

test("where there is no memory even for the input, the engine can still be used, and nothing stays", async () => {
  const small = await ownGpu();
  const generator = makeGenerator({}, small);
  const { liveBuffers } = small.memory();
  limitMemory(small.device, 2 ** 16);
  const data = new Uint8Array(3 * 120 * 120);
  const picture: Picture = { width: 120, height: 120, channels: 3, data };
  for (const translator of [new Translator(small, generator), new TiledTranslator(small, generator)]) {
    assert.instance(await rejectionOf(translator.translate(picture)), LimitError);
    assert.is(small.failure, null);
    assert.is(small.memory().liveBuffers, liveBuffers);
  }
  small.dispose();
});

test("tiles that are no multiple of 4, or narrower than 16, are refused", () => {
  const generator = makeGenerator();
  for (const tile of [18, 12, 0, Number.NaN])
    assert.throws(
      () => new TiledTranslator(gpu, generator, { tile }),
      (error: unknown) => error instanceof ArgumentError,
    );
});

test("12,000 x 9,000 pixels take less than 1 GiB of the GPU, in the largest tiles that do", async () => {
  const architecture = { input_nc: 3, output_nc: 3, ngf: 64, blocks: 9, no_antialias: false, no_antialias_up: false };
  const adapter = { profile: "gpu", subgroupSize: 32 } as const;
  const large = { width: 12_000, height: 9_000 };
  const plan = await planTiles(adapter, 2 ** 31 - 4, architecture, large, null);
  assert.ok(plan.bytes < 2 ** 30);
  assert.is(plan.tile, 512);
  assert.ok((await planTiles(adapter, 2 ** 31 - 4, architecture, large, 2 * plan.tile)).bytes > 512 * 2 ** 20);
  const refused = await rejectionOf(planTiles(adapter, 2 ** 27, architecture, large, 2048));
  assert.instance(refused, LimitError);
  assert.match((refused as LimitError).message, /^tiles of 2048 pixels do not fit: .* MiB in one buffer/);
});

test.run();
