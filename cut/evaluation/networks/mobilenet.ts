// The first half of MobileNetV2 (Sandler et al., 2018), up to the end of its tenth block: 317,120 weights that give 96
// features of a picture, and distinguish two kinds of pictures better than larger networks do.
import type { Tensor } from "../../../engine/core/tensor.js";
import { conv2d } from "../../../engine/operators/convolution/index.js";
import { add, clamp } from "../../../engine/operators/pointwise/index.js";
import { mean } from "../../../engine/operators/reduction/index.js";
import { pad } from "../../../engine/operators/strided/index.js";

/** Side of the input. */
export const MOBILENET_SIDE = 224;
/** Number of features of a picture. */
export const MOBILENET_WIDTH = 96;

const HALVING_BLOCKS = [1, 3, 6];
const RESIDUAL_BLOCKS = [2, 4, 5, 7, 8, 9];

/** The tensors of a convolution. */
export interface Loaded {
  weight: Tensor;
  bias: Tensor;
}

/** Kernels and norms by Keras's names, in the order of layers. */
export const MOBILENET_LAYERS: readonly { kernel: string; norm: string }[] = [
  { kernel: "Conv1/kernel", norm: "bn_Conv1" },
  { kernel: "expanded_conv_depthwise/depthwise_kernel", norm: "expanded_conv_depthwise_BN" },
  { kernel: "expanded_conv_project/kernel", norm: "expanded_conv_project_BN" },
  ...Array.from({ length: 10 }, (_, i) => `block_${i + 1}`).flatMap((block) => [
    { kernel: `${block}_expand/kernel`, norm: `${block}_expand_BN` },
    { kernel: `${block}_depthwise/depthwise_kernel`, norm: `${block}_depthwise_BN` },
    { kernel: `${block}_project/kernel`, norm: `${block}_project_BN` },
  ]),
];

/** The means over positions of the tenth block, [1, 96], of an input [1, 3, 224, 224]; `layers` in their order. */
export function mobilenetFeatures(input: Tensor, layers: readonly Loaded[]): Tensor {
  let next = 0;
  const relu6 = (x: Tensor) => clamp(x, 0, 6);
  const point = (x: Tensor) => conv2d(x, layers[next].weight, layers[next++].bias);
  // Keras halves a size with zeros only at the right and at the bottom.
  const convolved = (x: Tensor, stride: 1 | 2, groups = 1) => {
    const { weight, bias } = layers[next++];
    if (stride === 1) return relu6(conv2d(x, weight, bias, { padding: 1, groups }));
    return relu6(conv2d(pad(x, [0, 1, 0, 1]), weight, bias, { stride, groups }));
  };
  const deep = (x: Tensor, stride: 1 | 2) => convolved(x, stride, x.shape[1]);
  let x = convolved(input, 2);
  x = point(deep(x, 1));
  for (let block = 1; block <= 10; block++) {
    const projected = point(deep(relu6(point(x)), HALVING_BLOCKS.includes(block) ? 2 : 1));
    x = RESIDUAL_BLOCKS.includes(block) ? add(projected, x) : projected;
  }
  return mean(x, [2, 3]);
}
