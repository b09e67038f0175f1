// A generator cut into sweeps, each of which goes over all tiles of a picture once. Only instance norms look at the
// whole picture, so a sweep ends where the next norm needs its statistics, and those of all norms before are given.
// Maps of full and half size are too large to be kept: the sweeps before the residual blocks begin with the picture,
// those behind them with the last block's output. At a quarter of the size three maps are kept: a block's input, and
// what its two convolutions make, before their norms. In all that is one and a half times the work of the generator.
// SinCUT's has no norms, so one sweep is all of it.
import type { Tensor } from "../../engine/core/tensor.js";
import { type AnyArchitecture, isSingleImage } from "../networks/any-generator.js";
import { convolveInBlock, generatorModules } from "../networks/generator.js";
import {
  blockConvolutions,
  type GeneratorArchitecture,
  type GeneratorModule,
  generatorLayout,
} from "../networks/generator-layout.js";
import type { Parameters } from "../networks/network.js";
import { SINGLE_IMAGE_REACH, translateSingleImage } from "../networks/single-image-generator.js";
import { TILE_MULTIPLE } from "./tiles.js";

/**
 * What tiles are read from and written to: the picture (read first, written last), SinCUT's noise, and the three maps.
 */
export type MapName = "picture" | "noise" | "input" | "first" | "second";

/** Sides of the picture divided by those of the three maps. */
export const MAP_SCALE = 4;

/** Channels of the three maps; 0 where there are none. */
export const mapChannels = (architecture: AnyArchitecture): number =>
  isSingleImage(architecture) ? 0 : 4 * architecture.ngf;

/** Normalises by given statistics; `key` says which norm it is. */
export type GivenNorm = (key: string, x: Tensor, options: { activation?: "relu"; residual?: Tensor }) => Tensor;

export interface Sweep {
  reads: readonly MapName[];
  /** One name for each tensor of `written`. Of maps that are read too, the border is not used. */
  writes: readonly MapName[];
  /** The norm whose statistics are those of `measured`; null for the last sweep, which makes the picture. */
  measures: string | null;
  /** Pixels of the picture that a window needs around its tile. */
  border: number;
  run(
    inputs: readonly Tensor[],
    parameters: Parameters,
    norm: GivenNorm,
  ): { written: readonly Tensor[]; measured: Tensor | null };
}

/** Pixels of the picture that a module looks beyond its own place. */
function reachOf({ kind, parameters }: GeneratorModule, scaleBefore: number): number {
  const [weight] = parameters.values();
  const taps = { convolution: 1, transposedConvolution: 1, blurDown: 1, blurUp: 1, block: 2 };
  if (!(kind in taps)) return 0;
  const reach = kind === "convolution" ? weight[2] >> 1 : taps[kind as keyof typeof taps];
  return reach * scaleBefore;
}

const singleImageSweep: Sweep = {
  reads: ["picture", "noise"],
  writes: ["picture"],
  measures: null,
  border: SINGLE_IMAGE_REACH,
  run: ([x, noise], parameters) => ({ written: [translateSingleImage(x, parameters, noise)], measured: null }),
};

/** The sweeps of a generator in order. */
export const generatorSweeps = (architecture: AnyArchitecture): Sweep[] =>
  isSingleImage(architecture) ? [singleImageSweep] : sweepsByNorms(architecture);

function sweepsByNorms(architecture: GeneratorArchitecture): Sweep[] {
  const layout = generatorLayout(architecture);
  const modules = generatorModules(architecture);
  const blocks = layout.filter(({ kind }) => kind === "block").map(({ index }) => index);
  const [firstBlock, behind] = [blocks[0], blocks[blocks.length - 1] + 1];
  const [first, second] = blockConvolutions;

  /** Runs the modules from one up to another, which is not run. */
  const chain = (from: number, to: number, x: Tensor, parameters: Parameters, norm: GivenNorm): Tensor =>
    layout.slice(from, to).reduce((y, { kind, index }) => {
      return kind === "norm" ? norm(`${index}`, y, { activation: "relu" }) : modules[index].run(y, parameters);
    }, x);
  const borderOf = (from: number, to: number, more = 0) => {
    const reach = layout
      .slice(from, to)
      .reduce((sum, module) => sum + reachOf(module, layout[module.index - 1]?.scale ?? 1), more);
    return TILE_MULTIPLE * Math.ceil(reach / TILE_MULTIPLE);
  };
  /** A block's output, from its input and its second convolution's; of the block before the first, its own input. */
  const output = (block: number, [input, convolved]: readonly Tensor[], norm: GivenNorm) =>
    norm(`${block}.${second}`, convolved, { residual: input });

  const sweeps: Sweep[] = [];
  for (const { kind, index } of layout.slice(0, firstBlock)) {
    if (kind !== "norm") continue;
    const run: Sweep["run"] = ([x], p, norm) => ({ written: [], measured: chain(0, index, x, p, norm) });
    sweeps.push({ reads: ["picture"], writes: [], measures: `${index}`, border: borderOf(0, index), run });
  }
  for (const block of blocks) {
    const begins = block === firstBlock;
    sweeps.push({
      reads: begins ? ["picture"] : ["input", "second"],
      writes: begins ? ["first", "input"] : ["first"],
      measures: `${block}.${first}`,
      border: begins ? borderOf(0, firstBlock, MAP_SCALE) : MAP_SCALE,
      run(inputs, p, norm) {
        const x = begins ? chain(0, firstBlock, inputs[0], p, norm) : output(block - 1, inputs, norm);
        const measured = convolveInBlock(block, first, x, p);
        return { written: begins ? [measured, x] : [measured], measured };
      },
    });
    sweeps.push({
      reads: begins ? ["first"] : ["first", "input", "second"],
      writes: begins ? ["second"] : ["second", "input"],
      measures: `${block}.${second}`,
      border: MAP_SCALE,
      run([convolved, ...before], p, norm) {
        const hidden = norm(`${block}.${first}`, convolved, { activation: "relu" });
        const measured = convolveInBlock(block, second, hidden, p);
        return { written: begins ? [measured] : [measured, output(block - 1, before, norm)], measured };
      },
    });
  }
  const ends = layout.slice(behind).filter(({ kind }) => kind === "norm");
  for (const to of [...ends.map(({ index }) => index), layout.length]) {
    const last = to === layout.length;
    sweeps.push({
      reads: ["input", "second"],
      writes: last ? ["picture"] : [],
      measures: last ? null : `${to}`,
      border: borderOf(behind, to),
      run(inputs, p, norm) {
        const x = chain(behind, to, output(behind - 1, inputs, norm), p, norm);
        return last ? { written: [x], measured: null } : { written: [], measured: x };
      },
    });
  }
  return sweeps;
}
