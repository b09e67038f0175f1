// PyTorch's CPU backward of F.instance_norm is wrong for a batch of one whose cotangent arrives with channels-last strides: the
// tensor is viewed as [1, C, H, W] without a copy, and the kernel reads the channels-last memory as if it were [C, H, W]. The
// cotangent of `features.flatten(2).permute(0, 2, 1)[:, ids]` has such strides. So golden runs of batch 1 that were made on a
// CPU train with wrong gradients of the patch loss: in the query encoder, the second norm of every residual block up to the
// last tapped one received a scrambled cotangent. (In float64 a central difference of the `cut` run's NCE at tap 12 is 0.03417,
// with a contiguous cotangent autograd says 0.03417, and with the strided one -1.581; batches of two are right.)
// Here a training step is given that same defect, so that such goldens can still be followed to six digits. Nothing but the
// golden tests may use this.
import { generatorModules } from "../../cut/networks/generator.js";
import type { TrainingStep } from "../../cut/training/training-step.js";
import { defineOperator } from "../../engine/core/operator.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { copyInto } from "../../engine/operators/batch/index.js";
import { conv2d } from "../../engine/operators/convolution/index.js";
import { gatherPositions } from "../../engine/operators/gather/index.js";
import { instanceNorm } from "../../engine/operators/instance-norm/index.js";
import { add } from "../../engine/operators/pointwise/index.js";

/** The identity, whose gradient of each image is read in the order [H, W, C] and taken for [C, H, W]. */
const scrambled = defineOperator<readonly [x: Tensor], object>({
  name: "scrambledGradient",
  shape: ([x]) => x.shape,
  forward(gpu, [x], _, y) {
    copyInto(gpu, x, y, x.size);
    return undefined;
  },
  gradient({ gpu }, dy) {
    const [, , height, width] = dy.shape;
    const everywhere = gpu.tensor(Int32Array.from({ length: height * width }, (_, i) => i));
    return [reshape(gatherPositions(dy, everywhere), dy.shape)];
  },
});

/** Makes a step's query encoder differentiate as PyTorch's CPU does for a batch of one. */
export function emulateDefect(step: TrainingStep): void {
  const { G } = step;
  const modules = generatorModules(G.architecture);
  const blockKey = (index: number, convolution: number, name: string) =>
    `model.${index}.conv_block.${convolution}.${name}`;
  G.encode = (x, taps) => {
    const get = (key: string) => G.parameters.get(key) as Tensor;
    const isBlock = (index: number) => G.parameters.has(blockKey(index, 1, "weight"));
    const lastTappedBlock = Math.max(...taps.filter(isBlock));
    const block = (input: Tensor, index: number): Tensor => {
      const convolve = (t: Tensor, n: number) =>
        conv2d(t, get(blockKey(index, n, "weight")), get(blockKey(index, n, "bias")), {
          padding: 1,
          paddingMode: "reflect",
        });
      const hidden = instanceNorm(convolve(input, 1), { activation: "relu" });
      return add(input, scrambled([instanceNorm(convolve(hidden, 5))], {}));
    };
    const features: Tensor[] = [];
    let output = x;
    for (const { index, run } of modules) {
      output = isBlock(index) && index <= lastTappedBlock ? block(output, index) : run(output, G.parameters);
      if (taps.includes(index)) features.push(output);
      if (features.length === taps.length) break;
    }
    return features;
  };
}
