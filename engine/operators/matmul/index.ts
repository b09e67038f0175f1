// Matrix products, plain and batched, with either operand transposed, and the linear layer. One strided kernel serves
// all of them and their gradients.
import type { Gpu } from "../../core/gpu.js";
import { chooseVariant, defineOperator, floatOf, type OperatorRecord } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { type Dtype, type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { checkOptions, flag } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { broadcastShapes, shapeText } from "../../lib/shapes.js";
import { chooseByProfile, type DirectVariant, directVariants } from "../lib/variants.js";
import { sum, sumTo } from "../reduction/index.js";
import { type Product, runProduct } from "./product.js";

export { type Product, productVariant, runProduct } from "./product.js";

export interface MatmulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
}

/** All axes but those of a matrix. */
const leading = ({ shape }: Tensor): Shape => shape.slice(0, -2);

/** [batch, rows, columns] of a matrix or a batch of them, as it enters the product. */
function dimensions(x: Tensor, transpose: boolean): [number, number, number] {
  const [rows, columns] = x.shape.slice(-2);
  const batch = sizeOf(leading(x));
  return transpose ? [batch, columns, rows] : [batch, rows, columns];
}

/** Whether b is a single matrix, so that the rows of all a are those of one product. */
const isOneProduct = (b: Tensor, transposeA: boolean): boolean => !transposeA && sizeOf(leading(b)) === 1;

/** The same elements as rows, whatever the leading axes are. */
const rowsOf = (x: Tensor): Tensor => reshape(x, [-1, x.shape.at(-1) as number]);

const operandText = (x: Tensor, transpose: boolean) => `${shapeText(x)}${transpose ? " transposed" : ""}`;

/** y = op(a) op(b), then plus bias along rows, then ReLU; or added to y. Shapes have been checked. */
export function runMatmul(
  gpu: Gpu,
  variant: DirectVariant,
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: MatmulOptions,
  y: Tensor,
  epilogue: Pick<Product, "bias" | "relu" | "accumulate" | "sums"> = {},
): void {
  const [batchA, m, k] = dimensions(a, transposeA);
  const [batchB, , n] = dimensions(b, transposeB);
  const one = isOneProduct(b, transposeA);
  runProduct(gpu, variant, {
    batch: one ? 1 : Math.max(batchA, batchB),
    m: one ? batchA * m : m,
    n,
    k,
    a: { tensor: a, batch: batchA === 1 ? 0 : m * k, m: transposeA ? 1 : k, k: transposeA ? m : 1 },
    b: { tensor: b, batch: batchB === 1 ? 0 : k * n, k: transposeB ? 1 : n, n: transposeB ? k : 1 },
    y,
    ...epilogue,
  });
}

/** `dtype`: the product's, where it does not follow from its operands. */
type ProductOptions = Required<MatmulOptions> & { readonly dtype?: Dtype };

export const matmulOperator = defineOperator<readonly [a: Tensor, b: Tensor], ProductOptions, DirectVariant>({
  name: "matmul",
  dtype: (inputs, { dtype }) => dtype ?? floatOf(inputs),
  variants: directVariants((variant) => (gpu, [a, b], options, y, { second }) => {
    runMatmul(gpu, variant, a, b, options, y, { sums: second });
    return undefined;
  }),
  choose: chooseByProfile,
  shape([a, b], { transposeA, transposeB }) {
    const [batchA, m, k] = dimensions(a, transposeA);
    const [batchB, k2, n] = dimensions(b, transposeB);
    const texts = `matmul: ${operandText(a, transposeA)} and ${operandText(b, transposeB)}`;
    const lead = broadcastShapes(texts, leading(a), leading(b));
    const served = [1, sizeOf(lead)];
    const ranks = Math.min(a.shape.length, b.shape.length);
    if (k !== k2 || ranks < 2 || !served.includes(batchA) || !served.includes(batchB))
      throw new ShapeError(`${texts} do not fit`, "Give [..., m, k] and [..., k, n], or a single matrix.");
    return [...lead, m, n];
  },
  flops: ([a], { transposeA }, y) => 2 * sizeOf(y) * (a as Shape)[(a as Shape).length - (transposeA ? 2 : 1)],
  gradient({ inputs: [a, b], options: { transposeA, transposeB }, needs }, dy) {
    const product = (x: Tensor, tx: boolean, z: Tensor, tz: boolean): Tensor =>
      matmulOperator([x, z], { transposeA: tx, transposeB: tz });
    const da = () => (transposeA ? product(b, transposeB, dy, true) : product(dy, false, b, !transposeB));
    const db = (x: Tensor, d: Tensor) =>
      transposeB ? product(d, true, x, transposeA) : product(x, !transposeA, d, false);
    const one = isOneProduct(b, transposeA);
    // The gradient of a matrix that was broadcast over a batch is the sum over the batch.
    return [
      needs(0) ? sumTo(da(), a) : null,
      needs(1) ? (one ? reshape(db(rowsOf(a), rowsOf(dy)), b.shape) : sumTo(db(a, dy), b)) : null,
    ];
  },
});

// The annotations let esbuild drop the linear layer from an app that only multiplies matrices.
const linearRecord: OperatorRecord<readonly [x: Tensor, w: Tensor, bias: Tensor | undefined], object, DirectVariant> = {
  name: "linear",
  optional: [2],
  variants: /* @__PURE__ */ directVariants((variant) => (gpu, [x, w, bias], _, y) => {
    runMatmul(gpu, variant, x, w, { transposeB: true }, y, { bias });
    return undefined;
  }),
  choose: chooseByProfile,
  shape([x, w, bias]) {
    const [out, width] = w.shape;
    if (x.shape.length < 2 || w.shape.length !== 2 || x.shape.at(-1) !== width || (bias && bias.size !== out)) {
      throw new ShapeError(
        `linear: ${shapeText(x)}, weights ${shapeText(w)} and bias ${shapeText(bias)} do not fit`,
        "Give [..., in], [out, in] and [out].",
      );
    }
    return x.shape.with(-1, out);
  },
  flops: ([, w], _, y) => 2 * sizeOf(y) * (w as Shape)[1],
  gradient({ gpu, inputs: [x, w, bias], needs }, dy) {
    const dx = needs(0) ? matmulOperator([dy, w], { transposeA: false, transposeB: false }) : null;
    const [rows, d] = [rowsOf(x), rowsOf(dy)];
    if (bias && needs(1) && needs(2) && !gpu.tape.recording) {
      const { dw, db } = linearGradients(rows, d);
      return [dx, dw, reshape(db, bias.shape)];
    }
    const dw = needs(1) ? weightGradient(d, rows) : null;
    return [dx, dw, bias && needs(2) ? reshape(sum(d, [0]), bias.shape) : null];
  },
};

/** Weights and their gradients are f32, whatever activations are. */
const weightGradient = (dy: Tensor, x: Tensor, second?: Tensor): Tensor =>
  matmulOperator([dy, x], { transposeA: true, transposeB: false, dtype: "f32" }, { second });

export const linearOperator = /* @__PURE__ */ defineOperator(linearRecord);

/** The gradients of a linear layer's weights and bias, off the tape, in one pass over dy [rows, out]; x [rows, in]. */
export function linearGradients(x: Tensor, dy: Tensor): { dw: Tensor; db: Tensor } {
  const db = dy.gpu.empty([dy.shape[1]]);
  return { dw: weightGradient(dy, x, db), db };
}

/** A linear layer with a ReLU for fused operators: fills `y`, off the tape, in the variant that linear would take. */
export function runLinear(gpu: Gpu, x: Tensor, w: Tensor, bias: Tensor, y: Tensor, relu: boolean): void {
  const variant = chooseVariant(gpu, linearRecord, [x, w, bias], {});
  runMatmul(gpu, variant, x, w, { transposeB: true }, y, { bias, relu });
}

/**
 * a [..., m, k] x b [..., k, n] -> [..., m, n]: of equal leading axes, or one of them a single matrix for all of the
 * other.
 *
 * @example
 * ```ts
 * import { matmul, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const a = gpu.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
 * const squares = matmul(a, a, { transposeB: true });
 * console.log(squares.shape, await squares.read()); // 2,2 14,32,32,77
 * gpu.dispose();
 * ```
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  checkOptions("matmul", options, { transposeA: flag, transposeB: flag });
  const { transposeA = false, transposeB = false } = options;
  return matmulOperator([a, b], { transposeA, transposeB });
}

/**
 * x [..., in], w [out, in], bias [out] or undefined -> x w^T + bias [..., out].
 *
 * @example
 * ```ts
 * const weight = gpu.tensor([[1, 0], [0, 1], [1, 1]]);
 * console.log(await linear(gpu.tensor([[2, 3]]), weight, gpu.tensor([0, 0, 10])).read()); // 2, 3, 15
 * ```
 */
export const linear = (x: Tensor, w: Tensor, bias?: Tensor): Tensor => linearOperator([x, w, bias], {});
