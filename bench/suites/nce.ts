// PatchNCE and the fused path around it against the same composed of plain operators: loss and all gradients, keys
// given. First as CUT runs them (5 layers of 256 patches and 256 channels), the loss alone and with the heads, whose
// products are the same on both sides; then one layer with ever more patches, which shows the stored memory: the fused
// path keeps rows and a block of similarities, the composed one every similarity.
import { add, fusedPatchNce, type Gpu, grad, patchNce, record, sum, type Tensor } from "../../engine/index.js";
import { makeInput, randomTensor } from "../inputs/random-data.js";
import type { BenchCase, BenchContext, Outcome } from "../measurement/case.js";
import { measure } from "../measurement/measure.js";
import { observeDryRun, totalCost } from "../measurement/observe.js";
import { composedPatchNce, composedPatchNcePath } from "./composed-patch-nce.js";

const CHANNELS = 256;
const TAU = 0.07;
const COUNTS = [256, 1024, 4096, 16384] as const;
/** A run that would take longer than this is not begun. */
const PATIENCE_MS = 60_000;

type Variant = "fused" | "composed";
interface Size {
  layers: number;
  patches: number;
}

/** The tensors of a layer: those that gradients go to first, and its losses. */
interface Layer {
  differentiated: Tensor[];
  given: Tensor[];
  losses(): Tensor;
}

/** PatchNCE alone: unit rows as input. */
function lossLayer(gpu: Gpu, variant: Variant, patches: number): Layer {
  const [q, k] = [0, 1].map(() => makeInput(gpu, { unitRows: [patches, CHANNELS] }));
  const losses = () => (variant === "fused" ? patchNce(q, k, { groups: 1, tau: TAU }) : composedPatchNce(q, k, TAU));
  return { differentiated: [q], given: [k], losses };
}

/** The whole path: feature maps and the head as input. */
function pathLayer(gpu: Gpu, variant: Variant, patches: number): Layer {
  const side = Math.max(32, Math.ceil(Math.sqrt(patches)));
  const x = randomTensor(gpu, [1, CHANNELS, side, side]);
  const ids = makeInput(gpu, { positions: patches, below: side * side });
  const [w1, w2] = [0, 1].map(() => randomTensor(gpu, [CHANNELS, CHANNELS], -0.1, 0.1));
  const [b1, b2] = [0, 1].map(() => randomTensor(gpu, [CHANNELS], -0.1, 0.1));
  const head = { w1, b1, w2, b2 };
  const k = makeInput(gpu, { unitRows: [patches, CHANNELS] });
  const losses = () =>
    variant === "fused"
      ? fusedPatchNce(x, ids, head, k, { groups: 1, tau: TAU })
      : composedPatchNcePath(x, ids, head, k, TAU);
  return { differentiated: [x, w1, b1, w2, b2], given: [ids, k], losses };
}

const LAYERS = { patchNce: lossLayer, patchNcePath: pathLayer };
type Subject = keyof typeof LAYERS;

function nceWork(gpu: Gpu, subject: Subject, variant: Variant, { layers, patches }: Size) {
  const all = Array.from({ length: layers }, () => LAYERS[subject](gpu, variant, patches));
  const differentiated = all.flatMap((layer) => layer.differentiated);
  for (const tensor of differentiated) tensor.requireGrad();
  const work = () => {
    const loss = all.map(({ losses }) => sum(losses())).reduce((a, b) => add(a, b));
    return [loss, grad(loss, differentiated)];
  };
  const dispose = () => {
    for (const tensor of [...differentiated, ...all.flatMap(({ given }) => given)]) tensor.dispose();
    gpu.trimMemory();
  };
  return { work, dispose };
}

/** The previous row's measurement, which predicts the next one's time. */
interface Before {
  patches: number;
  ms: number;
}

function run(subject: Subject, variant: Variant, at: Size, before: { last: Before | null }) {
  return async ({ gpu, signal }: BenchContext): Promise<Outcome> => {
    const { work, dispose } = nceWork(gpu, subject, variant, at);
    try {
      const cost = totalCost(await observeDryRun(gpu, work));
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

const IN_CUT = { layers: 5, patches: 256 };

export function nceCases(): BenchCase[] {
  const row = (kernel: Subject, variant: Variant, at: Size, before: { last: Before | null }): BenchCase => ({
    suite: "nce",
    kernel,
    variant,
    shape: `${at.layers} x ${at.patches} patches of ${CHANNELS}, loss and gradients`,
    run: run(kernel, variant, at, before),
  });
  return (["fused", "composed"] as const).flatMap((variant) => {
    const before = { last: null };
    return [
      row("patchNce", variant, IN_CUT, { last: null }),
      row("patchNcePath", variant, IN_CUT, { last: null }),
      ...COUNTS.map((patches) => row("patchNcePath", variant, { layers: 1, patches }, before)),
    ];
  });
}
