// The fused patch-NCE path against the same composed of plain operators: loss and all gradients, keys given. First as CUT
// runs it (5 layers of 256 patches and 256 channels), then one layer with ever more patches, where what is stored shows:
// the fused path keeps rows, the composed one also every similarity.
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/gpu.js";
import { add } from "../../engine/operators/elementwise.js";
import { patchNcePath } from "../../engine/operators/patch-path.js";
import { sum } from "../../engine/operators/reduction.js";
import { record } from "../../engine/program.js";
import type { Tensor } from "../../engine/tensor.js";
import type { BenchCase, BenchContext, Outcome } from "../case.js";
import { composedPatchNcePath } from "../composed-nce.js";
import { makeInput, randomTensor } from "../data.js";
import { measure } from "../measure.js";
import { rehearse, totalCost } from "../observe.js";

const CHANNELS = 256;
const TAU = 0.07;
const COUNTS = [256, 1024, 4096, 16384] as const;
/** A run that would take longer than this is not begun. */
const PATIENCE_MS = 20_000;

type Variant = "fused" | "composed";
interface Size {
  layers: number;
  patches: number;
}

function nceWork(gpu: Gpu, variant: Variant, { layers, patches }: Size) {
  const side = Math.max(32, Math.ceil(Math.sqrt(patches)));
  const tensors: Tensor[] = [];
  const own = (tensor: Tensor) => {
    tensors.push(tensor);
    return tensor;
  };
  const all = Array.from({ length: layers }, () => ({
    x: own(randomTensor(gpu, [1, CHANNELS, side, side])).requireGrad(),
    ids: own(makeInput(gpu, { positions: patches, below: side * side })),
    head: {
      w1: own(randomTensor(gpu, [CHANNELS, CHANNELS], -0.1, 0.1)).requireGrad(),
      b1: own(randomTensor(gpu, [CHANNELS], -0.1, 0.1)).requireGrad(),
      w2: own(randomTensor(gpu, [CHANNELS, CHANNELS], -0.1, 0.1)).requireGrad(),
      b2: own(randomTensor(gpu, [CHANNELS], -0.1, 0.1)).requireGrad(),
    },
    k: own(makeInput(gpu, { unitRows: [patches, CHANNELS] })),
  }));
  const work = () => {
    const losses = all.map(({ x, ids, head, k }) =>
      variant === "fused"
        ? patchNcePath(x, ids, head, k, { groups: 1, tau: TAU })
        : composedPatchNcePath(x, ids, head, k, TAU),
    );
    const loss = losses.map((rows) => sum(rows)).reduce((a, b) => add(a, b));
    return [
      loss,
      grad(
        loss,
        all.flatMap(({ x, head }) => [x, ...Object.values(head)]),
      ),
    ];
  };
  const dispose = () => {
    for (const tensor of tensors) tensor.dispose();
    gpu.trimMemory();
  };
  return { work, dispose };
}

/** What was measured of the row before, by which the next one's time is foretold. */
interface Before {
  patches: number;
  ms: number;
}

function run(variant: Variant, at: Size, before: { last: Before | null }) {
  return async ({ gpu, signal }: BenchContext): Promise<Outcome> => {
    const { work, dispose } = nceWork(gpu, variant, at);
    try {
      const cost = totalCost(await rehearse(gpu, work));
      const { last } = before;
      // Time grows with the square of the patches at worst.
      const expected = last ? last.ms * (at.patches / last.patches) ** 2 : 0;
      if (expected > PATIENCE_MS) {
        const { program } = await record(gpu, work);
        const figures = { program_bytes: program.bytes };
        program.dispose();
        const note = `recorded but not run: it would take up to ${Math.round(expected / 1000)} s`;
        return { measurement: null, ...cost, figures, note };
      }
      const measurement = await measure(gpu, work, { signal });
      before.last = { patches: at.patches, ms: measurement.ms.median };
      return { measurement, ...cost, figures: { program_bytes: measurement.bytes } };
    } finally {
      dispose();
    }
  };
}

export function nceCases(): BenchCase[] {
  return (["fused", "composed"] as const).flatMap((variant) => {
    const before = { last: null };
    const sizes = [{ layers: 5, patches: 256 }, ...COUNTS.map((patches) => ({ layers: 1, patches }))];
    return sizes.map((at) => ({
      ...{ suite: "nce" as const, kernel: "patchNcePath", variant },
      shape: `${at.layers} x ${at.patches} patches of ${CHANNELS}, loss and gradients`,
      // The first row is no measure for the others: it has five layers.
      run: run(variant, at, at.layers === 1 ? before : { last: null }),
    }));
  });
}
