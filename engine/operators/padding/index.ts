// Padding by reflection and by replication, the same on all four sides, and their adjoints, which gather (from at most
// nine elements for a reflection), so they need no atomics and sum in a fixed order.
import { pad, pad_gradient, pad_gradient_vec4, pad_vec4 } from "../../../shaders/generated.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { checkValue, whole } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { imageShape, shapeText } from "../../lib/shapes.js";
import { rowsAreVec4s, vec4Grid } from "../lib/vec4-rows.js";

type One = readonly [x: Tensor];
type Pad = Operator<One, { padding: number }>;
type PadGradient = Operator<One, { padding: number; size: readonly [number, number] }>;

// A padding and its adjoint are each other's gradients, so each takes the other as a function, called when both exist.
// @__NO_SIDE_EFFECTS__
function definePad(name: string, REFLECT: boolean, adjoint: () => PadGradient): Pad {
  return defineOperator({
    name,
    shape([x], { padding }) {
      checkValue(`${name}: the padding`, padding, whole(0));
      const [batch, channels, height, width] = imageShape(name, x);
      if (REFLECT && padding >= Math.min(height, width)) {
        throw new ShapeError(
          `${name}: ${shapeText(x)} is too small for a padding of ${padding}`,
          "Height and width must be larger than the padding.",
        );
      }
      return [batch, channels, height + 2 * padding, width + 2 * padding];
    },
    flops: () => 0,
    cheap: true,
    forward(gpu, [x], { padding }, y) {
      const [batch, channels, height, width] = x.shape;
      const { invocations, constants } = vec4Grid(gpu, y.shape);
      gpu.dispatch(rowsAreVec4s(y) ? pad_vec4 : pad, {
        bindings: { x, y },
        params: { planes: batch * channels, height, width, pad: padding },
        invocations,
        constants: { ...constants, REFLECT },
      });
      return undefined;
    },
    gradient: ({ inputs: [x], options: { padding }, accumulator }, dy) => [
      adjoint()([dy], { padding, size: [x.shape[2], x.shape[3]] }, { accumulateInto: accumulator(0) }),
    ],
  });
}

// @__NO_SIDE_EFFECTS__
function definePadGradient(name: string, REFLECT: boolean, forward: () => Pad): PadGradient {
  return defineOperator({
    name,
    shape: ([dy], { size }) => [dy.shape[0], dy.shape[1], ...size],
    // One addition for every element of the padding.
    flops: ([dy], _, dx) => sizeOf(dy as Shape) - sizeOf(dx),
    accumulates: true,
    forward(gpu, [dy], { padding, size }, dx, { accumulate }) {
      const [batch, channels] = dy.shape;
      const { invocations, constants } = vec4Grid(gpu, dx.shape);
      gpu.dispatch(rowsAreVec4s(dx) ? pad_gradient_vec4 : pad_gradient, {
        bindings: { padded: dy, y: dx },
        params: { planes: batch * channels, height: size[0], width: size[1], pad: padding },
        invocations,
        constants: { ...constants, REFLECT, ACCUMULATE: accumulate },
      });
      return undefined;
    },
    gradient: ({ options: { padding } }, dx) => [forward()([dx], { padding })],
  });
}

export const reflectionPad2dOperator: Pad = /* @__PURE__ */ definePad(
  "reflectionPad2d",
  true,
  () => reflectionPad2dGradientOperator,
);
export const reflectionPad2dGradientOperator: PadGradient = /* @__PURE__ */ definePadGradient(
  "reflectionPad2dGradient",
  true,
  () => reflectionPad2dOperator,
);
export const replicationPad2dOperator: Pad = /* @__PURE__ */ definePad(
  "replicationPad2d",
  false,
  () => replicationPad2dGradientOperator,
);
export const replicationPad2dGradientOperator: PadGradient = /* @__PURE__ */ definePadGradient(
  "replicationPad2dGradient",
  false,
  () => replicationPad2dOperator,
);

/**
 * [N, C, H, W] -> [N, C, H + 2 padding, W + 2 padding], mirrored without repeating the edge.
 *
 * @example
 * ```ts
 * const padded = reflectionPad2d(gpu.tensor([[[[1, 2], [3, 4]]]]), 1);
 * console.log(padded.shape, await padded.read()); // 1,1,4,4 4,3,4,3,2,1,2,1,4,3,4,3,2,1,2,1
 * ```
 */
export const reflectionPad2d = (x: Tensor, padding: number): Tensor => reflectionPad2dOperator([x], { padding });

/**
 * The adjoint of reflectionPad2d: the gradient of its input of the given height and width, added to `accumulateInto` if
 * given.
 */
export const reflectionPad2dGradient = (
  dy: Tensor,
  size: readonly [number, number],
  padding: number,
  accumulateInto?: Tensor,
): Tensor => reflectionPad2dGradientOperator([dy], { padding, size }, { accumulateInto });

/**
 * [N, C, H, W] -> [N, C, H + 2 padding, W + 2 padding], the edges repeated.
 *
 * @example
 * ```ts
 * console.log(await replicationPad2d(gpu.tensor([[[[1, 2]]]]), 1).read()); // 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2
 * ```
 */
export const replicationPad2d = (x: Tensor, padding: number): Tensor => replicationPad2dOperator([x], { padding });
