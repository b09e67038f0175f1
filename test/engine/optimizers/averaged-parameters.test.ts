// Averages of parameters follow at every replay, all at once where the parameters share a flat buffer.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AveragedParameters, type Gpu, record, type Tensor } from "../../../engine/index.js";
import { messageOf, testGpu } from "../../support/gpu.js";

const SHAPES = [[2], [70], [3, 3]];

const separate = (gpu: Gpu) => SHAPES.map((shape) => gpu.persistent(shape));
const flat = (gpu: Gpu) => gpu.persistentFlat(SHAPES);

/** What two replays make of averages that begin at 8 where parameters then become 0; and the dispatches of one. */
async function follow(gpu: Gpu, tensors: readonly Tensor[]) {
  const parameters = new Map(tensors.map((tensor, i) => [`${i}`, tensor]));
  const write = (value: number) => {
    for (const tensor of tensors) tensor.write(new Float32Array(tensor.size).fill(value));
  };
  write(8);
  const averaged = new AveragedParameters(gpu, parameters, 0.75);
  const { program } = await record(gpu, () => averaged.update());
  write(0);
  program.replay();
  program.replay();
  const averages = await Promise.all([...averaged.averages.values()].map((tensor) => tensor.read()));
  const kept = await Promise.all(tensors.map((tensor) => tensor.read()));
  const { length } = program;
  for (const owner of [program, averaged, ...tensors]) owner.dispose();
  return { averages, kept, length };
}

for (const profile of ["software", "gpu"] as const) {
  test(`an average keeps its decay's part of itself (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const [one, all] = [await follow(gpu, separate(gpu)), await follow(gpu, flat(gpu))];
    for (const { averages, kept } of [one, all]) {
      assert.equal(
        averages.map((of) => [...of]),
        SHAPES.map((shape) => Array(sizeOf(shape)).fill(4.5)),
      );
      assert.ok(kept.flatMap((of) => [...of]).every((value) => value === 0));
    }
    assert.is(all.length * SHAPES.length, one.length);
  });
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b);

test("a decay of 1 would average nothing", async () => {
  const gpu = await testGpu("software");
  assert.match(
    messageOf(() => new AveragedParameters(gpu, new Map(), 1)),
    /the decay cannot be 1 It must be a number from 0 to below 1/,
  );
});

test.run();
