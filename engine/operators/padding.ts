// Padding by reflection and by replication, the same on four sides, and their adjoints, which gather (at most nine sources
// for a reflection) and so need no atomics and sum in a fixed order.
import { pad, pad_gradient } from "../../shaders/generated.js";
import { ShapeError } from "../errors.js";
import { defineOperator, type Operator } from "../operator.js";
import type { Tensor } from "../tensor.js";
import { imageShape, shapeText } from "./shapes.js";

type One = readonly [x: Tensor];

function definePadding(name: string, REFLECT: boolean) {
  const forward: Operator<One, { padding: number }> = defineOperator({
    name,
    shape([x], { padding }) {
      const [batch, channels, height, width] = imageShape(name, x);
      if (REFLECT && padding >= Math.min(height, width)) {
        throw new ShapeError(
          `${name}: ${shapeText(x)} is too small for a padding of ${padding}`,
          "Height and width must be larger than the padding.",
        );
      }
      return [batch, channels, height + 2 * padding, width + 2 * padding];
    },
    forward(gpu, [x], { padding }, y) {
      const [batch, channels, height, width] = x.shape;
      gpu.dispatch(pad, {
        bindings: { x, y },
        params: { planes: batch * channels, height, width, pad: padding },
        grid: Math.ceil(y.size / 64),
        constants: { REFLECT },
      });
      return undefined;
    },
    gradient: ({ inputs: [x], options: { padding } }, dy) => [
      adjoint([dy], { padding, size: [x.shape[2], x.shape[3]] }),
    ],
  });
  const adjoint: Operator<One, { padding: number; size: readonly [number, number] }> = defineOperator({
    name: `${name}Gradient`,
    shape: ([dy], { size }) => [dy.shape[0], dy.shape[1], ...size],
    forward(gpu, [dy], { padding, size }, dx) {
      const [batch, channels] = dy.shape;
      gpu.dispatch(pad_gradient, {
        bindings: { dy, dx },
        params: { planes: batch * channels, height: size[0], width: size[1], pad: padding },
        grid: Math.ceil(dx.size / 64),
        constants: { REFLECT },
      });
      return undefined;
    },
    gradient: ({ options: { padding } }, dx) => [forward([dx], { padding })],
  });
  return { forward, adjoint };
}

const reflection = definePadding("reflectionPad2d", true);
const replication = definePadding("replicationPad2d", false);

export const reflectionPad2dOperator = reflection.forward;
export const reflectionPad2dGradientOperator = reflection.adjoint;
export const replicationPad2dOperator = replication.forward;
export const replicationPad2dGradientOperator = replication.adjoint;

/** [N, C, H, W] -> [N, C, H + 2 padding, W + 2 padding], mirrored without repeating the edge. */
export const reflectionPad2d = (x: Tensor, padding: number): Tensor => reflectionPad2dOperator([x], { padding });

/** The adjoint of reflectionPad2d: the gradient of its input of the given height and width. */
export const reflectionPad2dGradient = (dy: Tensor, size: readonly [number, number], padding: number): Tensor =>
  reflectionPad2dGradientOperator([dy], { padding, size });

/** [N, C, H, W] -> [N, C, H + 2 padding, W + 2 padding], the edges repeated. */
export const replicationPad2d = (x: Tensor, padding: number): Tensor => replicationPad2dOperator([x], { padding });
