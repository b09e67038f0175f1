// One pass of a generator as a recorded program for windows of one size. Its outputs are the maps that the pass writes,
// and mean and variance of every channel over the tile without its halo.

import type { Gpu } from "../../engine/core/gpu.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { ones } from "../../engine/operators/creation/index.js";
import { INSTANCE_NORM_EPS, normalizeBy } from "../../engine/operators/instance-norm/index.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { widenedSquare } from "../../engine/operators/pointwise/index.js";
import { concat } from "../../engine/operators/strided/index.js";
import { type Program, record } from "../../engine/program/program.js";
import type { Size } from "../data/picture.js";
import type { AnyArchitecture, AnyGenerator } from "../networks/any-generator.js";
import type { ChannelStatistics } from "./channel-statistics.js";
import { type GivenNorm, MAP_SCALE, type MapName, mapChannels, type TiledPass } from "./generator-passes.js";
import type { Tile } from "./tiles.js";

/** Statistics as normalizeBy takes them: [C, 2], mean and rstd. */
export function normTensor(gpu: Gpu, { mean, variance }: ChannelStatistics): Tensor {
  const pairs = Array.from(mean, (value, c) => [value, 1 / Math.sqrt(variance[c] + INSTANCE_NORM_EPS)]);
  return gpu.tensor(Float32Array.from(pairs.flat()), [mean.length, 2]);
}

interface Measuring {
  /** [height, 1] and [width, 1]: the share of each row and column in the mean, 0 in the halo. */
  rows: Tensor;
  columns: Tensor;
  /** [C, 1]. */
  mean: Tensor;
  variance: Tensor;
}

/** The results of one tile. */
export interface TileResult {
  /** In the order of the pass's `writes`, each over the whole window. */
  written: Float32Array[];
  /** Of the pass's measured map: how many pixels the tile has there, and its statistics by channel. */
  part: { count: number; mean: Float32Array; variance: Float32Array } | null;
}

export class RecordedPass {
  readonly #program: Program;
  readonly #inputs: readonly Tensor[];
  readonly #written: readonly Tensor[];
  readonly #measuring: Measuring | null;

  private constructor(
    program: Program,
    inputs: readonly Tensor[],
    written: readonly Tensor[],
    measuring: Measuring | null,
  ) {
    this.#program = program;
    this.#inputs = inputs;
    this.#written = written;
    this.#measuring = measuring;
  }

  static async record(
    gpu: Gpu,
    pass: TiledPass,
    { architecture, parameters }: AnyGenerator,
    window: Size,
    norms: ReadonlyMap<string, Tensor>,
  ): Promise<RecordedPass> {
    const work = () => {
      const inputs = pass.reads.map((name) =>
        gpu.empty(shapeOf(name, architecture, window), name === "noise" ? "f32" : gpu.precision),
      );
      const norm: GivenNorm = (key, x, options) => normalizeBy(norms.get(key) as Tensor, x, options);
      const { written, measured } = pass.run(inputs, parameters, norm);
      return { inputs, written, measuring: measured && measure(gpu, measured) };
    };
    const { program, result } = await record(gpu, () => gpu.noGrad(work));
    return new RecordedPass(program, result.inputs, result.written, result.measuring);
  }

  /** Channels of the map that is measured; null where none is. */
  get measuredChannels(): number | null {
    return this.#measuring?.mean.size ?? null;
  }

  /** Computes one tile, `inputs` being what the pass reads over its window. Calls may follow one another at once. */
  async run(tile: Tile, inputs: readonly Float32Array[]): Promise<TileResult> {
    for (const [i, values] of inputs.entries()) this.#inputs[i].write(values);
    const measuring = this.#measuring;
    const count = measuring ? writeShares(measuring, tile) : 0;
    this.#program.replay();
    const [mean, variance, ...written] = await Promise.all([
      measuring?.mean.read(),
      measuring?.variance.read(),
      ...this.#written.map((tensor) => tensor.read()),
    ]);
    return { written: written as Float32Array[], part: mean && variance ? { count, mean, variance } : null };
  }

  dispose(): void {
    this.#program.dispose();
  }
}

function shapeOf(name: MapName, architecture: AnyArchitecture, { height, width }: Size): number[] {
  if (name === "noise") return [1, 1, height, width];
  if (name === "picture") return [1, architecture.input_nc, height, width];
  return [1, mapChannels(architecture), height / MAP_SCALE, width / MAP_SCALE];
}

/** Mean and variance of every channel, in two passes as in instanceNorm; sums are products with the shares. */
function measure(gpu: Gpu, x: Tensor): Measuring {
  const [, channels, height, width] = x.shape;
  const [rows, columns] = [gpu.empty([height, 1]), gpu.empty([width, 1])];
  const meanOf = (values: Tensor) => {
    const ofRows = matmul(reshape(values, [channels * height, width]), columns);
    return matmul(reshape(ofRows, [channels, height]), rows);
  };
  const mean = meanOf(x);
  const centred = normalizeBy(concat([mean, ones(gpu, [channels, 1])], 1), x);
  return { rows, columns, mean, variance: meanOf(widenedSquare(centred)) };
}

/** Returns how many pixels of the measured map the tile has. */
function writeShares({ rows, columns }: Measuring, { inner, window }: Tile): number {
  const scale = window.height / rows.size;
  const along = (shares: Tensor, start: number, length: number) => {
    const values = new Float32Array(shares.size);
    shares.write(values.fill(scale / length, start / scale, (start + length) / scale));
  };
  along(rows, inner.top - window.top, inner.height);
  along(columns, inner.left - window.left, inner.width);
  return (inner.width * inner.height) / scale ** 2;
}
