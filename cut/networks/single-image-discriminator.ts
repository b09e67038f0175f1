// SinCUT's discriminator (docs/method.md, section 16): halves crops of one size down to 4 x 4 and gives each one
// unbounded score. single-image-layout.ts lists its parameters.
import type { Gpu } from "../../engine/core/gpu.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { Random } from "../../engine/lib/random.js";
import { equalisedWeights, type Module, makeParameters, type Parameters, runModules, type Weights } from "./network.js";
import { equalLinear } from "./single-image-blocks.js";
import { blockUnder, convolutionUnder } from "./single-image-generator.js";
import { singleImageDiscriminatorShapes } from "./single-image-layout.js";

function modulesFor(halvings: number): Module[] {
  const blocks = Array.from({ length: halvings }, (_, i) => ({
    index: i + 1,
    endsStage: true,
    run: (x: Tensor, p: Parameters) => blockUnder(x, p, `convs.${i + 1}`, true),
  }));
  return [{ index: 0, run: (x, p) => convolutionUnder(x, p, "convs.0", 0) }, ...blocks];
}

export class SingleImageDiscriminator {
  readonly parameters: Parameters;
  readonly #modules: readonly Module[];

  /** For pictures of `input_nc` channels; `channels` as discriminatorChannels has them. */
  constructor(gpu: Gpu, input_nc: number, channels: readonly number[]) {
    this.#modules = modulesFor(channels.length - 1);
    this.parameters = makeParameters(gpu, singleImageDiscriminatorShapes(input_nc, channels));
  }

  initialWeights(random: Random): Weights {
    return equalisedWeights(this.parameters, random);
  }

  /** Images [N, input_nc, side, side] -> scores [N, 1]. */
  score(x: Tensor, parameters: Parameters = this.parameters): Tensor {
    const { output } = runModules(this.#modules, x, parameters, "D.convs.");
    return x.gpu.labels.within("D.final", () => {
      const get = (name: string) => parameters.get(`final_linear.${name}`) as Tensor;
      const map = convolutionUnder(output, parameters, "final_conv", 1);
      const rows = reshape(map, [map.shape[0], map.size / map.shape[0]]);
      const hidden = equalLinear(rows, get("0.weight"), get("0.bias"), true);
      return equalLinear(hidden, get("1.weight"), get("1.bias"), false);
    });
  }
}
