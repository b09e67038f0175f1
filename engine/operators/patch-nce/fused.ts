// Fused PatchNCE: from feature maps and positions to one loss per row, through the head of the paper (two linear layers
// with a ReLU between, docs/method.md section 2.4), with all gradients. Gathered rows are stored once; similarities are
// handled as in loss.ts. Tests compare it with the same composed of operators:
//   patchNce(l2Normalize(linear(relu(linear(gatherPositions(f, ids), w1, b1)), w2, b2)), k)
import type { Gpu } from "../../core/gpu.js";
import { defineOperator, gpuOf } from "../../core/operator.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { partStart } from "../../device/memory.js";
import { checkValue, object } from "../../lib/check-options.js";
import { GradientError, ShapeError } from "../../lib/errors.js";
import { sameShape, shapeText } from "../../lib/shapes.js";
import { checkPositions, gatherPositions, runGather, scatterPositionsOperator } from "../gather/index.js";
import { linearGradients, matmul, runLinear } from "../matmul/index.js";
import { leakyReluGradient } from "../pointwise/index.js";
import { L2_EPS, l2Normalize, l2NormalizeGradientOperator, runL2Normalize } from "./l2-normalize.js";
import {
  checkGroups,
  checkPatchNceOptions,
  type PatchNceOptions,
  patchNceGradientOperator,
  patchNceVariant,
  runPatchNce,
  similarityFlops,
} from "./loss.js";

/** The two-layer head of one tap: w1 [C', C], b1 [C'], w2 [C', C'], b2 [C']. */
export interface Head {
  w1: Tensor;
  b1: Tensor;
  w2: Tensor;
  b2: Tensor;
}

const tensorsOf = (head: Head | null): Tensor[] => (head ? [head.w1, head.b1, head.w2, head.b2] : []);

/** What the gradient of the head needs. */
interface Embedded {
  rows: Tensor;
  hidden: Tensor;
  units: Tensor;
  norms: Tensor;
}

/** The number of rows at these positions. Throws a ShapeError unless positions and head fit the features. */
function checkEmbedding(name: string, x: Tensor, ids: Tensor, { w1, b1, w2, b2 }: Head): number {
  const rows = checkPositions(name, x, ids);
  const [hidden, out] = [w1.shape[0], w2.shape[0]];
  const expected = [[hidden, x.shape[1]], [hidden], [out, hidden], [out]];
  if (![w1, b1, w2, b2].every(({ shape }, i) => sameShape(shape, expected[i]))) {
    throw new ShapeError(
      `${name}: features ${shapeText(x)} do not fit a head of ${[w1, b1, w2, b2].map(shapeText).join(", ")}`,
      "Give features [B, C, H, W] and a head [C', C], [C'], [C', C'], [C'].",
    );
  }
  return rows;
}

/** Rows gathered from x, followed by those from k if it is given, through the head to unit rows. */
function embed(
  gpu: Gpu,
  [x, k]: readonly [Tensor, Tensor?],
  ids: Tensor,
  { w1, b1, w2, b2 }: Head,
  each: number,
): Embedded {
  const count = k ? 2 * each : each;
  const rows = gpu.empty([count, x.shape[1]]);
  runGather(gpu, x, ids, rows, k);
  const hidden = gpu.empty([count, w1.shape[0]]);
  runLinear(gpu, rows, w1, b1, hidden, true);
  const out = gpu.empty([count, w2.shape[0]]);
  runLinear(gpu, hidden, w2, b2, out, false);
  const units = gpu.empty(out.shape);
  const norms = gpu.empty([count]);
  runL2Normalize(gpu, out, units, norms, L2_EPS);
  out.dispose();
  return { rows, hidden, units, norms };
}

/** FLOPs of the head on rows: two products, biases and ReLU, and the norm. */
const headFlops = ([rows]: Shape, w1: Shape, w2: Shape) =>
  2 * rows * (sizeOf(w1) + sizeOf(w2)) + rows * (2 * w1[0] + 4 * w2[0]);

type FusedInputs = readonly [x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor, ids: Tensor, k: Tensor];

export const fusedPatchNceOperator = defineOperator<FusedInputs, PatchNceOptions>({
  name: "fusedPatchNce",
  dtype: () => "f32",
  integers: [5],
  shape([x, w1, b1, w2, b2, ids, k], { groups }) {
    const rows = checkEmbedding("fusedPatchNce", x, ids, { w1, b1, w2, b2 });
    checkGroups("fusedPatchNce", rows, groups);
    const keys = k.shape.length === 4 ? x.shape : [rows, w2.shape[0]];
    if (!sameShape(k.shape, keys)) {
      throw new ShapeError(
        `fusedPatchNce: keys ${shapeText(k)} do not fit ${rows} patches of features ${shapeText(x)}`,
        `Give [${rows}, ${w2.shape[0]}], or features like those.`,
      );
    }
    return [rows];
  },
  flops([, w1, , w2, , , k], options, loss) {
    const rows = [loss[0], (w2 as Shape)[0]];
    const embeddings = k?.length === 4 ? 2 : 1;
    return embeddings * headFlops(rows, w1 as Shape, w2 as Shape) + similarityFlops(rows, options);
  },
  reads([x, , , , , , k], _, loss) {
    const rows = sizeOf(loss) * (x as Shape)[1];
    return { 0: rows, 6: k?.length === 4 ? rows : undefined };
  },
  forward(gpu, [x, w1, b1, w2, b2, ids, k], options, loss) {
    const maps = k.shape.length === 4 ? ([x, k] as const) : ([x] as const);
    const all = embed(gpu, maps, ids, { w1, b1, w2, b2 }, loss.size);
    // The queries come first.
    const queriesOf = (tensor: Tensor) => tensor.part(0, [loss.size, ...tensor.shape.slice(1)]) as Tensor;
    const [rows, hidden, q, norms] = [all.rows, all.hidden, all.units, all.norms].map(queriesOf);
    const keys = maps.length === 2 ? (all.units.part(q.size, q.shape) as Tensor) : k.detach();
    for (const tensor of Object.values(all)) tensor.dispose();
    const [lse, s] = runPatchNce(gpu, patchNceVariant(gpu, q, keys, options), [q, keys], options, loss);
    return [rows, hidden, q, norms, keys, lse, ...(s ? [s] : [])];
  },
  gradient({ gpu, inputs: [x, w1, , w2, , ids], options, output, saved, needs, accumulator }, dy) {
    const [rows, hidden, units, norms, k, lse, s] = saved;
    if (gpu.tape.recording) {
      throw new GradientError(
        "fusedPatchNce cannot be differentiated twice",
        "Compose it of gatherPositions, linear, relu, l2Normalize and patchNce, or leave out createGraph.",
      );
    }
    const dUnits = patchNceGradientOperator([units, k, output, lse, dy, s], options);
    const dOut = l2NormalizeGradientOperator([dUnits, units, norms], { eps: L2_EPS });
    const dHidden = leakyReluGradient(matmul(dOut, w2), hidden, 0);
    const mapGradient = () =>
      scatterPositionsOperator(
        [matmul(dHidden, w1), ids],
        { shape: x.shape, dtype: x.dtype },
        { accumulateInto: accumulator(0) },
      );
    const dx = needs(0) ? mapGradient() : null;
    const first = needs(1) || needs(2) ? linearGradients(rows, dHidden) : null;
    const second = needs(3) || needs(4) ? linearGradients(hidden, dOut) : null;
    return [dx, first?.dw, first?.db, second?.dw, second?.db];
  },
});

/**
 * The keys of PatchNCE: features [B, C, H, W] at positions ids ([P] or [B, P]) through a head to unit rows [B * P, C'],
 * without gradient. If the head is null, the gathered rows are normalised directly.
 *
 * @example
 * ```ts
 * const features = gpu.tensor([[[[3, 0]], [[0, 2]]]]);
 * const keys = patchKeys(features, gpu.tensor(Int32Array.of(0, 1)), null);
 * console.log(keys.shape, (await keys.read()).map(Math.round)); // 2,2 1,0,0,1
 * ```
 */
export function patchKeys(x: Tensor, ids: Tensor, head: Head | null): Tensor {
  const gpu = gpuOf({ name: "patchKeys", integers: [1] }, [x, ids, ...tensorsOf(head)]);
  return gpu.noGrad(() => {
    if (!head) return gpu.scope(() => l2Normalize(gatherPositions(x, ids)));
    const { rows, hidden, units, norms } = embed(gpu, [x], ids, head, checkEmbedding("patchKeys", x, ids, head));
    const call = {
      operator: "patchKeys",
      flops: headFlops(units.shape, head.w1.shape, head.w2.shape),
      bytes: 4 * (rows.size + head.w1.size + head.w2.size + units.size),
    };
    gpu.observers.tell("onOperator", call, units);
    for (const tensor of [rows, hidden, norms]) tensor.dispose();
    return units;
  });
}

/**
 * PatchNCE of the patches of feature maps x [B, C, H, W] at ids against keys k, one loss per row. Keys are
 * [B * P, C'] from patchKeys, or feature maps of x's shape, whose patches at the same positions go through the same
 * head. Gradients go to x and to the head.
 *
 * @example
 * ```ts
 * const features = gpu.tensor([[[[3, 0]], [[0, 2]]]]);
 * const ids = gpu.tensor(Int32Array.of(0, 1));
 * const head = { w1: eye(gpu, 2), b1: zeros(gpu, [2]), w2: eye(gpu, 2), b2: zeros(gpu, [2]) };
 * const keys = patchKeys(features, ids, head);
 * const losses = await fusedPatchNce(features, ids, head, keys, { groups: 1, tau: 0.07 }).read();
 * console.log(losses.map(Math.round)); // 0, 0: each patch is found again
 * ```
 */
export function fusedPatchNce(x: Tensor, ids: Tensor, head: Head, k: Tensor, options: PatchNceOptions): Tensor {
  checkPatchNceOptions("fusedPatchNce", options);
  checkValue("fusedPatchNce: the head", head, object);
  const [w1, b1, w2, b2] = tensorsOf(head);
  gpuOf(fusedPatchNceOperator.record, [x, w1, b1, w2, b2, ids, k]);
  const rows = checkPositions("fusedPatchNce", x, ids);
  // Queries and keys share buffers, unless the keys' offset in one does not meet the alignment of bindings.
  const separate =
    k.shape.length === 4 && [x.shape[1], w2.shape[0]].some((n) => partStart(4 * rows * n) !== 4 * rows * n);
  const keys = separate ? patchKeys(k, ids, head) : k.detach();
  return fusedPatchNceOperator([x, w1, b1, w2, b2, ids, keys], options);
}
