// The networks of methods that translate both ways: G_A translates pictures of A to B, G_B those of B to A; D_A scores
// pictures of B and D_B those of A. A and B may differ in channels.
import type { Gpu } from "../../engine/core/gpu.js";
import { Discriminator } from "../networks/discriminator.js";
import { Generator } from "../networks/generator.js";
import { generatorArchitecture } from "../networks/generator-layout.js";
import type { TrainOptions } from "../options/train-schema.js";

export function twoWayNetworks(gpu: Gpu, options: TrainOptions) {
  const { input_nc, output_nc } = options;
  return {
    G_A: new Generator(gpu, generatorArchitecture(options)),
    G_B: new Generator(gpu, generatorArchitecture({ ...options, input_nc: output_nc, output_nc: input_nc })),
    D_A: new Discriminator(gpu, { ...options, input_nc: output_nc }),
    D_B: new Discriminator(gpu, options),
  };
}
