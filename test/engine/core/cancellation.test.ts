// Long work can be watched and called off: it rejects with the signal's own reason, leaves no memory behind, and what was called
// off can be begun again.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Generator, initialWeights, Translator, writeParameters } from "../../../cut/index.js";
import { kernelFromWgsl, Random, record, ShapeError } from "../../../engine/index.js";
import { ownGpu } from "../../support/gpu.js";

const test = suite("long work");

const gpu = await ownGpu();
test.after(() => gpu.dispose());

/** A kernel that no cache has seen. */
const fresh = (value: number) =>
  kernelFromWgsl(
    `add_${value}`,
    `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
     @compute @workgroup_size(1) fn main() { x[0] += ${value}.0; }`,
  );

async function rejection(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return assert.unreachable("nothing was thrown");
}

function addTo(values: readonly number[]) {
  const x = gpu.persistent([1]);
  x.write(Float32Array.of(0));
  const work = () => {
    for (const value of values) gpu.dispatch(fresh(value), { bindings: { x }, params: {}, grid: 1 });
    return gpu.empty([1]);
  };
  return { x, work };
}

test("recording tells how many of its kernels are compiled", async () => {
  const { x, work } = addTo([1, 2, 3, 4]);
  const fractions: number[] = [];
  const { program } = await record(gpu, work, undefined, { onProgress: (fraction) => fractions.push(fraction) });
  assert.equal(fractions, [0.25, 0.5, 0.75, 1]);
  program.replay();
  assert.is(await x.item(), 10);
  program.dispose();
  x.dispose();
});

test("recording that is called off rejects with the reason and gives its memory back", async () => {
  const { x, work } = addTo([5, 6, 7]);
  const before = gpu.memory();
  const reason = new Error("the user went elsewhere");
  const stop = new AbortController();
  const recording = record(gpu, work, undefined, { signal: stop.signal });
  stop.abort(reason);
  assert.is(await rejection(recording), reason);
  assert.is(gpu.memory().liveBuffers, before.liveBuffers);
  assert.is(gpu.memory().liveBytes, before.liveBytes);
  assert.is(gpu.recorder, null);
  const { program } = await record(gpu, work);
  program.replay();
  assert.is(await x.item(), 18);
  program.dispose();
  x.dispose();
});

test("what is called off before it began does nothing", async () => {
  let called = false;
  const error = await rejection(record(gpu, () => (called = true), undefined, { signal: AbortSignal.abort() }));
  assert.is((error as Error).name, "AbortError");
  assert.not.ok(called);
});

function smallTranslator(): Translator {
  const architecture = { input_nc: 3, output_nc: 3, ngf: 2, blocks: 4, no_antialias: false, no_antialias_up: false };
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
    const error = await rejection(
      translator.translate(gray, null, { signal: stop.signal, onProgress }).then(() => stop.signal.throwIfAborted()),
    );
    assert.is(error, stop.signal.reason);
    assert.equal(await translator.translate(gray), expected);
    translator.dispose();
    assert.is(gpu.memory().liveBuffers, before);
  }
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
  assert.instance(await rejection(translator.translateTensor(gpu.empty([1, 3, 8, 10]))), ShapeError);
  translator.dispose();
});

test.run();
