// LPIPS (Zhang et al., 2018) on SqueezeNet 1.1: the difference of two pictures' features, weighted to fit people's
// judgements. Seven taps; the differences are summed on the CPU, in float64.
import type { Gpu } from "../../../engine/core/gpu.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { ShapeError } from "../../../engine/lib/errors.js";
import { conv2d } from "../../../engine/operators/convolution/index.js";
import { relu } from "../../../engine/operators/pointwise/index.js";
import { maxPool2d } from "../../../engine/operators/pooling/index.js";
import { concat, pad } from "../../../engine/operators/strided/index.js";
import { type Program, record } from "../../../engine/program/program.js";
import { SizedPass } from "../../translation/sized-pass.js";
import type { Planes } from "../planes.js";
import { type ShapedWeights, tensorOf } from "./folding.js";

/** Modules of `features`: 0 a convolution, 2, 5 and 8 pools, the others fire modules. Features after these are taps. */
const TAPS = [1, 4, 7, 9, 10, 11, 12];
const POOLS = [2, 5, 8];
const SHIFT = [-0.03, -0.088, -0.188];
const SCALE = [0.458, 0.448, 0.45];

const FIRE = Array.from({ length: 13 }, (_, i) => i).filter((i) => i > 2 && !POOLS.includes(i));
const CONVOLUTIONS = ["0", ...FIRE.flatMap((i) => ["squeeze", "expand1x1", "expand3x3"].map((part) => `${i}.${part}`))];

/** The keys of the trunk, as torchvision names them, and of the taps' weights, as the package lpips does. */
export const LPIPS_KEYS = {
  trunk: CONVOLUTIONS.flatMap((name) => [`features.${name}.weight`, `features.${name}.bias`]),
  taps: TAPS.map((_, tap) => `lin${tap}.model.1.weight`),
};

/** The smallest side for which every tap has a position. */
export const LPIPS_SIDE = 31;

interface Pass {
  input: Tensor;
  taps: readonly Tensor[];
  program: Program;
}

/** LPIPS with weights of the trunk (`features.*`) and of the taps (`lin<tap>.model.1.weight`). */
export class Lpips {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #taps: readonly ArrayLike<number>[];
  readonly #passes: SizedPass<Pass>;

  constructor(gpu: Gpu, trunk: ShapedWeights, taps: ShapedWeights) {
    this.#taps = LPIPS_KEYS.taps.map((key) => tensorOf(taps, key).data);
    const found = LPIPS_KEYS.trunk.map((key) => [key, tensorOf(trunk, key)] as const);
    this.#tensors = new Map(
      found.map(([key, { shape, data }]) => [key, gpu.tensor(new Float32Array(data), [...shape])]),
    );
    this.#passes = new SizedPass(async ({ height, width }, own) => {
      const { program, result } = await record(gpu, () => {
        const input = gpu.empty([1, 3, height, width]);
        return { input, taps: gpu.noGrad(() => this.#run(input)) };
      });
      return { ...result, program: own(program) };
    });
  }

  /** The distance of two RGB pictures of one size, 0 where they are equal, and each tap's part of it. */
  async distance(a: Planes, b: Planes): Promise<{ value: number; taps: number[] }> {
    if (Math.min(a.width, a.height) < LPIPS_SIDE || a.channels !== 3) {
      throw new ShapeError(`LPIPS needs RGB pictures of at least ${LPIPS_SIDE} pixels a side`);
    }
    const first = await this.#features(a);
    const second = await this.#features(b);
    const taps = first.map(({ values, places }, tap) =>
      tapDistance(values, second[tap].values, places, this.#taps[tap]),
    );
    return { value: taps.reduce((sum, value) => sum + value, 0), taps };
  }

  dispose(): void {
    this.#passes.dispose();
    for (const tensor of this.#tensors.values()) tensor.dispose();
  }

  async #features({ height, width, data }: Planes) {
    const size = height * width;
    const scaled = (value: number, i: number) =>
      (2 * value - 1 - SHIFT[Math.floor(i / size)]) / SCALE[Math.floor(i / size)];
    return this.#passes.use({ height, width }, ({ input, program, taps }) => {
      input.write(new Float32Array(data.map(scaled)));
      program.replay();
      return Promise.all(taps.map(async (tap) => ({ values: await tap.read(), places: tap.shape[2] * tap.shape[3] })));
    });
  }

  #run(input: Tensor): Tensor[] {
    const get = (key: string) => this.#tensors.get(`features.${key}`)!;
    const conv = (x: Tensor, name: string, options: { stride?: number; padding?: number } = {}) =>
      relu(conv2d(x, get(`${name}.weight`), get(`${name}.bias`), options));
    const taps: Tensor[] = [];
    let x = conv(input, "0", { stride: 2 });
    taps.push(x);
    for (let i = 2; i <= 12; i++) {
      if (POOLS.includes(i)) x = pooled(x);
      else {
        const squeezed = conv(x, `${i}.squeeze`);
        x = concat([conv(squeezed, `${i}.expand1x1`), conv(squeezed, `${i}.expand3x3`, { padding: 1 })], 1);
      }
      if (TAPS.includes(i)) taps.push(x);
    }
    return taps;
  }
}

/**
 * Max pooling, 3 x 3 with stride 2, with windows that may exceed the edge; x comes from a ReLU, so zeros may pad it.
 */
function pooled(x: Tensor): Tensor {
  const [over, beyond] = x.shape.slice(2).map((size) => Number(size % 2 === 0));
  return maxPool2d(pad(x, [0, beyond, 0, over]), 3, { stride: 2 });
}

/** The mean over positions of the weighted squared differences of unit vectors. */
function tapDistance(a: ArrayLike<number>, b: ArrayLike<number>, places: number, weights: ArrayLike<number>): number {
  let sum = 0;
  for (let p = 0; p < places; p++) {
    let [normA, normB] = [0, 0];
    for (let c = 0, i = p; c < weights.length; c++, i += places) {
      normA += a[i] * a[i];
      normB += b[i] * b[i];
    }
    const [factorA, factorB] = [1 / (Math.sqrt(normA) + 1e-10), 1 / (Math.sqrt(normB) + 1e-10)];
    for (let c = 0, i = p; c < weights.length; c++, i += places) {
      sum += weights[c] * (a[i] * factorA - b[i] * factorB) ** 2;
    }
  }
  return sum / places;
}
