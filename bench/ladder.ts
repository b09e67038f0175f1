// The ladder: one matrix product and one convolution, from a naive kernel up to the engine's own, a change at a time.
// The lower steps are for teaching and kept short by their limits: sizes that are multiples of 64, kernels of 3 x 3,
// zero padding. Each step states the lesson of its change, is checked against the engine, and is timed like every other
// kernel. The order is that of Boehm, "How to Optimize a CUDA Matmul Kernel for cuBLAS-like Performance" (2022,
// https://siboehm.com/articles/22/CUDA-MMM), with a step for subgroups.
import type { Gpu } from "../engine/core/gpu.js";
import type { Cost } from "../engine/core/operator.js";
import type { Shape, Tensor } from "../engine/core/tensor.js";
import type { AdapterTraits } from "../engine/device/adapter.js";
import type { KernelSource } from "../engine/device/kernel-source.js";
import { usesSubgroups } from "../engine/device/software-kernels.js";
import { CutgpuError, ShapeError } from "../engine/lib/errors.js";
import { conv2dOperator } from "../engine/operators/convolution/index.js";
import { matmulOperator } from "../engine/operators/matmul/index.js";
import * as kernels from "../shaders/generated.js";
import { randomTensor } from "./inputs/random-data.js";
import type { BenchCase } from "./measurement/case.js";
import { measure, SHORT_BUDGET_MS } from "./measurement/measure.js";
import { variantsOf, withForced } from "./measurement/variants.js";

/** A step of a ladder: one way to do the ladder's work. */
export interface LadderStep {
  name: string;
  /** What changed, and why it is faster, in one sentence. */
  lesson: string;
  /** Whether the step is worth measuring on an adapter; if absent, it is. */
  serves?(adapter: AdapterTraits, left: Shape, right: Shape): boolean;
  /** The result as a new tensor; the operands are not changed. */
  run(gpu: Gpu, left: Tensor, right: Tensor): Tensor;
}

/** Matrix products [m, k] x [k, n] -> [m, n] of multiples of 64. */
function product(
  kernel: KernelSource & { bindings: Record<"a" | "b" | "y", unknown> },
  columns: number,
  rows: number,
): LadderStep["run"] {
  return (gpu, a, b) => {
    const [m, k, n] = [a.shape[0], a.shape[1], b.shape[1]];
    if (b.shape[0] !== k || [m, n, k].some((size) => size % 64 !== 0)) {
      throw new ShapeError(
        `${kernel.name}: [${a.shape}] and [${b.shape}] do not fit`,
        "Give [m, k] and [k, n] with sizes that are multiples of 64.",
      );
    }
    const y = gpu.empty([m, n]);
    const LANES = gpu.subgroupSize;
    const subgroups = usesSubgroups(kernel);
    const across = subgroups ? columns * LANES : columns;
    if (subgroups && LANES < 4) {
      throw new CutgpuError("VARIANT", "this adapter has no subgroups of a fixed size of 4 or more");
    }
    gpu.dispatch(kernel, {
      bindings: { a, b, y },
      params: { m, n, k },
      grid: [Math.ceil(n / across), m / rows, 1],
      constants: subgroups ? { LANES } : {},
    });
    return y;
  };
}

export const matmulSteps: readonly LadderStep[] = [
  {
    name: "naive",
    lesson: "One invocation per output: every multiply-add fetches both of its operands from storage.",
    run: product(kernels.ladder_matmul_naive, 16, 16),
  },
  {
    name: "vec4",
    lesson: "Four neighbouring outputs per invocation: one load and one instruction serve four columns.",
    run: product(kernels.ladder_matmul_vec4, 64, 16),
  },
  {
    name: "register tile",
    lesson: "A tile of 4 x 4 outputs in registers: each value that is loaded serves four multiply-adds, not one.",
    run: product(kernels.ladder_matmul_register, 64, 64),
  },
  {
    name: "workgroup tile",
    lesson:
      "Tiles of 16 x 16 shared in workgroup memory, again one output per invocation: storage is read 16 times less, " +
      "which a GPU needs, but each multiply-add fetches two shared values, and a CPU pays for the barriers.",
    run: product(kernels.ladder_matmul_workgroup, 16, 16),
  },
  {
    name: "workgroup + register tile",
    lesson:
      "Both at once: 64 x 64 outputs per workgroup, 4 x 4 in each invocation's registers, so neither storage nor " +
      "workgroup memory is the limit.",
    run: product(kernels.ladder_matmul_workgroup_register, 64, 64),
  },
  {
    name: "subgroup broadcast",
    lesson:
      "No workgroup memory and no barrier: lanes hand each other rows of the left matrix from register to register.",
    run: product(kernels.ladder_matmul_broadcast, 4, 8),
  },
  {
    name: "engine",
    lesson:
      "The engine's own operator as it chooses for this adapter: any size, stride and batch, bias and ReLU on the " +
      "way out.",
    run: (_, a, b) => matmulOperator([a, b], { transposeA: false, transposeB: false }),
  },
];

const zeroBorder = { stride: 1, padding: 1, paddingMode: "zeros" } as const;

/** Lessons of the engine's variants; a variant without one is described by its name alone. */
const variantLessons: { readonly [variant: string]: string } = {
  tiled:
    "A matrix product in tiles of workgroup memory whose right operand is gathered from the picture, never stored.",
  broadcast: "Direct, from registers: a window of x slides under the taps, and lanes hand each other the weights.",
  winograd:
    "Winograd's transforms trade multiplications for additions; the rate counts nominal FLOPs, so it can pass " +
    "the roof.",
};

/** x [1, in, height, width] and w [out, in, 3, 3], stride 1, border of zeros. */
function naiveConvolution(gpu: Gpu, x: Tensor, w: Tensor): Tensor {
  const [batch, inChannels, height, width] = x.shape;
  const [outChannels, weightChannels, ...taps] = w.shape;
  if (batch !== 1 || weightChannels !== inChannels || taps.some((size) => size !== 3)) {
    throw new ShapeError(
      `ladder_conv2d_naive: [${x.shape}] and [${w.shape}] do not fit`,
      "Give [1, in, height, width] and [out, in, 3, 3].",
    );
  }
  const y = gpu.empty([1, outChannels, height, width]);
  gpu.dispatch(kernels.ladder_conv2d_naive, {
    bindings: { x, w, y },
    params: { in_channels: inChannels, height, width },
    grid: [Math.ceil(width / 16), Math.ceil(height / 16), outChannels],
  });
  return y;
}

export const convolutionSteps: readonly LadderStep[] = [
  {
    name: "naive",
    lesson:
      "One invocation per output: nine taps of every channel, each a load of x, a load of w and a test for the border.",
    run: naiveConvolution,
  },
  ...Object.keys(conv2dOperator.record.variants ?? {}).map((variant) => ({
    name: variant,
    lesson: variantLessons[variant] ?? `The engine's kernel "${variant}".`,
    serves: (adapter: AdapterTraits, x: Shape, w: Shape) =>
      variantsOf(adapter, "conv2d", [{ shapes: [x, w], options: zeroBorder }]).includes(variant),
    run: (gpu: Gpu, x: Tensor, w: Tensor) =>
      withForced(gpu, "conv2d", variant, () => conv2dOperator([x, w, undefined], zeroBorder)),
  })),
];

interface Ladder {
  kernel: "ladder.matmul" | "ladder.conv2d";
  shape: string;
  steps: readonly LadderStep[];
  left: readonly number[];
  right: readonly number[];
  cost: Cost;
}

const square = (n: number): Ladder => ({
  kernel: "ladder.matmul",
  shape: `${n}x${n}x${n}`,
  steps: matmulSteps,
  left: [n, n],
  right: [n, n],
  cost: { flops: 2 * n ** 3, bytes: 3 * 4 * n ** 2 },
});

const ladders: readonly Ladder[] = [
  square(256),
  square(512),
  {
    kernel: "ladder.conv2d",
    shape: "3x3 zeros 64->64 at 64x64",
    steps: convolutionSteps,
    left: [1, 64, 64, 64],
    right: [64, 64, 3, 3],
    cost: { flops: 2 * 9 * 64 * 64 * 64 ** 2, bytes: 4 * (2 * 64 ** 3 + 9 * 64 ** 2) },
  },
];

/** Every step of every ladder that is worth measuring on the adapter: the step is the variant, its lesson the note. */
export const ladderCases = (gpu: Gpu): BenchCase[] =>
  ladders.flatMap((ladder) =>
    ladder.steps
      .filter(({ serves }) => serves?.(gpu, ladder.left, ladder.right) ?? true)
      .map((step) => stepCase(gpu, ladder, step)),
  );

const stepCase = (gpu: Gpu, { kernel, shape, left, right, cost }: Ladder, step: LadderStep): BenchCase => ({
  suite: "kernels",
  kernel,
  variant: step.name,
  shape,
  async run({ signal }) {
    const operands = [randomTensor(gpu, left), randomTensor(gpu, right)] as const;
    try {
      const work = () => gpu.noGrad(() => step.run(gpu, ...operands));
      const measurement = await measure(gpu, work, { budget: SHORT_BUDGET_MS, signal });
      return { measurement, ...cost, note: step.lesson };
    } finally {
      for (const operand of operands) operand.dispose();
    }
  },
});
