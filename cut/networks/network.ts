// What all networks share: named parameters under the published state_dict keys, a forward pass through a sequence of
// modules, and the initialisation of docs/method.md section 5 (xavier with gain 0.02 by default, biases 0).

import type { Gpu } from "../../engine/core/gpu.js";
import type { Shape, Tensor } from "../../engine/core/tensor.js";
import { kaimingStd, xavierStd } from "../../engine/initialization.js";
import type { Random } from "../../engine/lib/random.js";
import { keepForBackward } from "../../engine/program/recording.js";
import type { TrainOptions } from "../options/train-schema.js";

/** Shapes of parameters by key, in order of definition. */
export type ParameterShapes = ReadonlyMap<string, Shape>;
export type Parameters = ReadonlyMap<string, Tensor>;
/** Values of parameters by key. */
export type Weights = ReadonlyMap<string, Float32Array<ArrayBuffer>>;

/** Tensors on the GPU for every parameter, with requires_grad; undefined content until written. */
export function makeParameters(gpu: Gpu, shapes: ParameterShapes): Map<string, Tensor> {
  const tensors = gpu.persistentFlat([...shapes.values()]);
  return new Map([...shapes.keys()].map((key, i) => [key, tensors[i].requireGrad()]));
}

/** The same parameters, detached: for passes that must not train them. */
export function frozen(parameters: Parameters): Parameters {
  return new Map([...parameters].map(([key, tensor]) => [key, tensor.detach()]));
}

export function writeParameters(parameters: Parameters, weights: Weights): void {
  for (const [key, tensor] of parameters) tensor.write(weights.get(key) as Float32Array);
}

export async function readParameters(parameters: Parameters): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const reads = [...parameters].map(async ([key, tensor]) => [key, await tensor.read()] as const);
  return new Map(await Promise.all(reads));
}

/** A network that translates pictures, and whose features patch losses compare. */
export interface PictureGenerator {
  readonly architecture: { readonly input_nc: number; readonly output_nc: number };
  readonly parameters: Parameters;
  /** How many modules can be tapped. */
  readonly modules: number;
  /** Images [N, input_nc, H, W] in [-1, 1], H and W multiples of 4 -> [N, output_nc, H, W]. */
  translate(x: Tensor, parameters?: Parameters): Tensor;
  /** The image, and the outputs of the modules named in `taps` on the way. */
  translateWithFeatures(x: Tensor, taps: readonly number[]): { image: Tensor; features: Tensor[] };
  /** The outputs of the modules named in `taps`; nothing after the last of them is run. */
  encode(x: Tensor, taps: readonly number[]): Tensor[];
  /** Channels and size of a module's output. */
  tap(index: number): Tap;
}

/** A feature map: its sides are those of the picture divided by `scale`, plus `pad` on each side. */
export interface Tap {
  channels: number;
  scale: number;
  pad: number;
}

export type FeatureShape = [channels: number, height: number, width: number];

/** Channels, height and width of a feature map for images of a size. */
export const shapeAt = ({ channels, scale, pad }: Tap, height: number, width: number): FeatureShape => [
  channels,
  height / scale + 2 * pad,
  width / scale + 2 * pad,
];

/** One module of a network's Sequential. */
export interface Module {
  /** 0-based position in the Sequential: the number in state_dict keys and in nce_layers. */
  index: number;
  /** Whether a stage ends here: with --low_memory only these outputs are kept for the backward pass. */
  endsStage?: boolean;
  run(x: Tensor, parameters: Parameters): Tensor;
  /** The feature map at a tap, where that is not the output itself. */
  feature?(output: Tensor): Tensor;
}

/** Runs modules in order, collecting the outputs whose index is in `taps`; stops after the last tap if `encodeOnly`. */
export function runModules(
  modules: readonly Module[],
  x: Tensor,
  parameters: Parameters,
  label: string,
  taps: readonly number[] = [],
  encodeOnly = false,
): { output: Tensor; features: Tensor[] } {
  const { gpu } = x;
  const features: Tensor[] = [];
  let output = x;
  for (const module of modules) {
    output = gpu.labels.within(`${label}${module.index}`, () => module.run(output, parameters));
    if (module.endsStage) keepForBackward(output);
    if (taps.includes(module.index)) features.push(module.feature?.(output) ?? output);
    if (encodeOnly && features.length === taps.length) break;
  }
  return { output, features };
}

/** Initial weights of SinCUT's networks, with equalised learning rates: standard normal; biases and noise weight 0. */
export function equalisedWeights(parameters: Parameters, random: Random): Map<string, Float32Array<ArrayBuffer>> {
  const weights = [...parameters].map(([key, { size, shape }]): [string, Float32Array<ArrayBuffer>] => {
    const drawn = key.endsWith("weight") && shape.length > 1;
    return [key, drawn ? Float32Array.from({ length: size }, () => random.normal()) : new Float32Array(size)];
  });
  return new Map(weights);
}

/** Initial weights of a network: by `init_type` and `init_gain`, norms 1, biases 0 (docs/method.md section 5). */
export function initialWeights(
  shapes: ParameterShapes,
  random: Random,
  { init_type, init_gain }: Pick<TrainOptions, "init_type" | "init_gain">,
): Map<string, Float32Array<ArrayBuffer>> {
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [key, shape] of shapes) {
    const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
    if (key.endsWith("weight") && shape.length === 1) values.fill(1);
    else if (key.endsWith("weight")) {
      const [rows] = shape;
      if (init_type === "orthogonal") fillOrthogonal(values, rows, values.length / rows, init_gain, random);
      else {
        const std = {
          xavier: xavierStd(shape, init_gain),
          normal: init_gain,
          kaiming: kaimingStd(shape, 0),
        }[init_type];
        for (let i = 0; i < values.length; i++) values[i] = std * random.normal();
      }
    }
    weights.set(key, values);
  }
  return weights;
}

/** A random matrix with orthonormal rows (or columns, whichever are fewer), times the gain: Gram-Schmidt on normals. */
function fillOrthogonal(values: Float32Array, rows: number, columns: number, gain: number, random: Random): void {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const basis: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from({ length }, () => random.normal());
    // Twice is enough to be orthogonal to rounding.
    for (let pass = 0; pass < 2; pass++) {
      for (const other of basis) {
        let along = 0;
        for (let j = 0; j < length; j++) along += vector[j] * other[j];
        for (let j = 0; j < length; j++) vector[j] -= along * other[j];
      }
    }
    const norm = Math.sqrt(vector.reduce((sum, v) => sum + v * v, 0));
    for (let j = 0; j < length; j++) vector[j] /= norm;
    basis.push(vector);
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      values[r * columns + c] = gain * (rows <= columns ? basis[r][c] : basis[c][r]);
    }
  }
}
