// Gradients that are added to in place, where a tensor is used more than once: by every operator that accumulates, the
// first use and the second either way round, against the sum of the gradients of each use alone. And where a gradient's
// memory is not its own, it stays as it is.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { operatorTable } from "../../engine/families.js";
import * as engine from "../../engine/index.js";
import { Random } from "../../engine/lib/random.js";
import { record } from "../../engine/program/program.js";
import { testGpu, uniform, upload } from "../support/gpu.js";

const random = new Random(21);
const shapes = { x: [2, 3, 6, 5], w: [4, 3, 3, 3], b: [4], c: [4] };
type Given = { [name in keyof typeof shapes]: Tensor };

const reflected = { padding: 1, paddingMode: "reflect" } as const;
const uses: { [operator: string]: (given: Given, ids: Tensor) => Tensor } = {
  reflectionPad2dGradient: ({ x }) => engine.reflectionPad2d(x, 2),
  replicationPad2dGradient: ({ x }) => engine.replicationPad2d(x, 2),
  scatterPositions: ({ x }, ids) => engine.gatherPositions(x, ids),
  place: ({ x }) => engine.slice(x, 1, 5, 2, 2),
  conv2dWeightGradient: ({ x, w, b }) => engine.conv2d(x, w, b, reflected),
};
/** A use that does not accumulate. */
const plain = ({ x, w, b }: Given): Tensor =>
  [x, w, b].map((tensor) => engine.sum(engine.square(tensor))).reduce((a, b) => engine.add(a, b));

const lossOf = (use: (given: Given, ids: Tensor) => Tensor, given: Given, ids: Tensor) =>
  engine.sum(engine.mul(use(given, ids), 0.5));

const give = (gpu: Gpu): Given & { ids: Tensor } => ({
  ...(Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [name, upload(gpu, uniform(new Random(i), shape)).requireGrad()]),
  ) as Given),
  ids: gpu.tensor(Int32Array.of(3, 8, 29, 3)),
});

async function valuesOf(tensors: readonly Tensor[]): Promise<number[]> {
  return (await Promise.all(tensors.map((tensor) => tensor.read()))).flatMap((values) => [...values]);
}

for (const profile of ["software", "gpu"] as const) {
  for (const [operator, use] of Object.entries(uses)) {
    test(`${operator} adds to the gradient of an earlier use (${profile})`, async () => {
      const gpu = await testGpu(profile);
      const { ids, ...given } = give(gpu);
      const inputs = [given.x, given.w, given.b];
      const gradientsOf = (loss: Tensor) => grad(loss, inputs, { allowUnused: true });
      const alone = await Promise.all([plain(given), lossOf(use, given, ids)].map((l) => valuesOf(gradientsOf(l))));
      const expected = alone[0].map((value, i) => value + 2 * alone[1][i]);
      const both = () => {
        const first = lossOf(use, given, ids);
        const middle = plain(given);
        return gradientsOf(engine.add(engine.add(first, middle), lossOf(use, given, ids)));
      };
      const names = new Set<string>();
      const unobserve = gpu.observers.add({ onOperator: (call) => void names.add(call.operator) });
      const { program, result } = await record(gpu, both);
      unobserve();
      assert.ok(names.has(operator));
      // A second replay finds what the first one left.
      program.replay();
      program.replay();
      for (const sums of [both(), result]) {
        (await valuesOf(sums)).forEach((sum, i) => {
          assert.ok(Math.abs(sum - expected[i]) <= 1e-5 * (1 + Math.abs(expected[i])), `${i}: ${sum}, ${expected[i]}`);
        });
      }
      program.dispose();
    });
  }
}

test("every operator that accumulates is tried here", () => {
  const accumulating = [...operatorTable.values()].filter(
    ({ run }) => (run as unknown as { record: { accumulates?: boolean } }).record.accumulates,
  );
  const names = accumulating.map(({ name }) => name);
  assert.equal(names.sort(), Object.keys(uses).sort());
});

test("a gradient that something else holds is not added to in place", async () => {
  const gpu = await testGpu("software");
  const x = upload(gpu, uniform(random, [1, 1, 4, 4])).requireGrad();
  const y = upload(gpu, uniform(random, [1, 1, 4, 4])).requireGrad();
  // dy goes to x and to y as it is, and as another view of the same memory; then a slice of x adds to it.
  const dy = upload(gpu, uniform(random, [1, 1, 4, 4]));
  const f = () => {
    const both = engine.add(x, y);
    const viewed = engine.add(engine.reshape(engine.reshape(x, [16]), x.shape), both);
    return engine.add(viewed, engine.mul(engine.sum(engine.slice(x, 0, 2, 2)), 1));
  };
  const [dx, dyy] = await Promise.all(grad(f(), [x, y], { dy }).map((tensor) => tensor.read()));
  const given = await dy.read();
  const total = given.reduce((sum, value) => sum + value);
  assert.equal([...dyy], [...given]);
  dx.forEach((value, i) => {
    assert.ok(Math.abs(value - (2 * given[i] + (i < 8 ? total : 0))) < 1e-5, `${i}`);
  });
});

test.run();
