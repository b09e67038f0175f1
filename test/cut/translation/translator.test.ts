// Translation can be watched and called off: it rejects with the signal's own reason, leaves no memory behind, and what
// was called off can be asked for again. A tensor is translated as its picture is.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Generator, initialWeights, Translator, writeParameters } from "../../../cut/index.js";
import { foldGrid, type Grid } from "../../../engine/device/kernel-source.js";
import { Random, record, ShapeError } from "../../../engine/index.js";
import { planningGpu } from "../../../engine/open/planning.js";
import { ownGpu, profiles, rejectionOf } from "../../support/gpu.js";

const test = suite("translator");

const gpu = await ownGpu();
test.after(() => gpu.dispose());

const architecture = { input_nc: 3, output_nc: 3, ngf: 2, blocks: 4, no_antialias: false, no_antialias_up: false };

function smallTranslator(): Translator {
  const generator = new Generator(gpu, architecture);
  const init = { init_type: "xavier", init_gain: 0.1 } as const;
  writeParameters(generator.parameters, initialWeights(Generator.shapes(architecture), new Random(1), init));
  return new Translator(gpu, generator);
}

const gray = { width: 12, height: 8, channels: 3 as const, data: new Uint8Array(12 * 8 * 3).fill(90) };

test("a translation that is called off, at whatever moment, can be asked for again", async () => {
  const translator = smallTranslator();
  const expected = await translator.translate(gray);
  translator.dispose();
  const before = gpu.memory().liveBuffers;
  for (const moment of [0, 0.2, 1]) {
    const stop = new AbortController();
    const onProgress = (fraction: number) => {
      if (fraction >= moment) stop.abort();
    };
    if (moment === 0) stop.abort();
    const error = await rejectionOf(
      translator.translate(gray, null, { signal: stop.signal, onProgress }).then(() => stop.signal.throwIfAborted()),
    );
    assert.is(error, stop.signal.reason);
    assert.equal(await translator.translate(gray), expected);
    translator.dispose();
    assert.is(gpu.memory().liveBuffers, before);
  }
});

test("a translator that is disposed keeps no weights of its generator", async () => {
  const before = gpu.memory().liveBuffers;
  const translator = smallTranslator();
  await translator.translate(gray);
  translator.dispose();
  for (const parameter of translator.generator.parameters.values()) parameter.dispose();
  assert.is(gpu.memory().liveBuffers, before);
});

test("a translation tells how far it is, to the end", async () => {
  const translator = smallTranslator();
  const fractions: number[] = [];
  await translator.translate(gray, null, { onProgress: (fraction) => fractions.push(fraction) });
  assert.equal(
    fractions,
    [...fractions].sort((a, b) => a - b),
  );
  assert.is(fractions.at(-1), 1);
  translator.dispose();
});

test("a tensor is translated as its picture is, and sides that do not fit are refused", async () => {
  const translator = smallTranslator();
  const picture = await translator.translate(gray);
  const input = gpu.tensor(new Float32Array(3 * 8 * 12).fill((2 * 90) / 255 - 1), [1, 3, 8, 12]);
  const output = await (await translator.translateTensor(input)).read();
  for (let i = 0; i < 8 * 12; i++) {
    const level = ((Math.max(-1, Math.min(1, output[i])) + 1) / 2) * 255;
    assert.ok(Math.abs(level - picture.data[3 * i]) <= 1.01);
  }
  assert.instance(await rejectionOf(translator.translateTensor(gpu.empty([1, 3, 8, 10]))), ShapeError);
  translator.dispose();
});

test("photos of 12 and 50 megapixels are translated without a grid that is too large", async () => {
  for (const profile of profiles) {
    for (const [height, width] of [
      [3000, 4000],
      [6124, 8168],
    ]) {
      const photo = planningGpu({ profile, subgroupSize: 8 }, 2 ** 40);
      const generator = new Generator(photo, { ...architecture, ngf: 64, blocks: 9 });
      const grids: Grid[] = [];
      photo.observers.add({ onDispatch: ({ grid }) => grids.push(grid) });
      const input = photo.empty([1, 3, height, width]);
      await record(photo, () => photo.noGrad(() => generator.translate(input)));
      assert.ok(grids.length > 20 && grids.every((grid) => Math.max(...foldGrid(grid)) <= 65535));
    }
  }
});

test.run();
