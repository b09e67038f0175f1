// The two kinds of generators, told apart by their architectures: CUT's ResNet and SinCUT's.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Shape } from "../../engine/core/tensor.js";
import { Generator } from "./generator.js";
import { type GeneratorArchitecture, generatorShapes } from "./generator-layout.js";
import { SingleImageGenerator } from "./single-image-generator.js";
import { type SingleImageArchitecture, singleImageShapes } from "./single-image-layout.js";

export type AnyArchitecture = GeneratorArchitecture | SingleImageArchitecture;

export const isSingleImage = (architecture: AnyArchitecture): architecture is SingleImageArchitecture =>
  "channels" in architecture;

export type AnyGenerator = Generator | SingleImageGenerator;

/** A generator of an architecture, without weights yet. */
export const makeGenerator = (gpu: Gpu, architecture: AnyArchitecture): AnyGenerator =>
  isSingleImage(architecture) ? new SingleImageGenerator(gpu, architecture) : new Generator(gpu, architecture);

/** Shapes of its parameters by key, in order of definition. */
export const anyGeneratorShapes = (architecture: AnyArchitecture): Map<string, Shape> =>
  isSingleImage(architecture) ? singleImageShapes(architecture) : generatorShapes(architecture);
