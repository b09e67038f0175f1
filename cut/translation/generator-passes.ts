// A generator split into passes, each of which runs over all tiles of a picture once. Only instance norms depend on the
// whole picture, so a pass ends where the next norm needs its statistics; those of all earlier norms are known by then.
// Maps of full and half size are too large to be kept: the passes before the residual blocks start again from the
// picture, those after them from the last block's output. At a quarter of the size three maps are kept: a block's input
// and the outputs of its two convolutions, before their norms. In all this is one and a half times the work of the
// generator. SinCUT's generator has no norms and takes a single pass.
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

/** What tiles are read from and written to: the picture (read first, written last), SinCUT's noise, the three maps. */
export type MapName = "picture" | "noise" | "input" | "first" | "second";

/** Sides of the picture divided by those of the three maps. */
export const MAP_SCALE = 4;

/** Channels of the three maps; 0 for a generator without them. */
export const mapChannels = (architecture: AnyArchitecture): number =>
  isSingleImage(architecture) ? 0 : 4 * architecture.ngf;

/** Normalises by known statistics; `key` names the norm. */
export type GivenNorm = (key: string, x: Tensor, options: { activation?: "relu"; residual?: Tensor }) => Tensor;

export interface TiledPass {
  reads: readonly MapName[];
  /** One name for each tensor of `written`. Of a map that is also read, only the tile is used, not its halo. */
  writes: readonly MapName[];
  /** The norm whose statistics are those of `measured`; null for the last pass, which makes the picture. */
  measures: string | null;
  /** How many pixels of the picture a window needs around its tile. */
  halo: number;
  run(
    inputs: readonly Tensor[],
    parameters: Parameters,
    norm: GivenNorm,
  ): { written: readonly Tensor[]; measured: Tensor | null };
}

/** How many pixels of the picture a module's receptive field extends to each side. */
function reachOf({ kind, parameters }: GeneratorModule, scaleBefore: number): number {
  const [weight] = parameters.values();
  const taps = { convolution: 1, transposedConvolution: 1, blurDown: 1, blurUp: 1, block: 2 };
  if (!(kind in taps)) return 0;
  const reach = kind === "convolution" ? weight[2] >> 1 : taps[kind as keyof typeof taps];
  return reach * scaleBefore;
}

const singleImagePass: TiledPass = {
  reads: ["picture", "noise"],
  writes: ["picture"],
  measures: null,
  halo: SINGLE_IMAGE_REACH,
  run: ([x, noise], parameters) => ({ written: [translateSingleImage(x, parameters, noise)], measured: null }),
};

/** The passes of a generator in order. */
export const generatorPasses = (architecture: AnyArchitecture): TiledPass[] =>
  isSingleImage(architecture) ? [singleImagePass] : passesByNorms(architecture);

function passesByNorms(architecture: GeneratorArchitecture): TiledPass[] {
  const layout = generatorLayout(architecture);
  const modules = generatorModules(architecture);
  const blocks = layout.filter(({ kind }) => kind === "block").map(({ index }) => index);
  const [firstBlock, afterBlocks] = [blocks[0], blocks[blocks.length - 1] + 1];
  const [first, second] = blockConvolutions;

  /** Runs the modules from index `from` up to `to`, exclusive. */
  const chain = (from: number, to: number, x: Tensor, parameters: Parameters, norm: GivenNorm): Tensor =>
    layout.slice(from, to).reduce((y, { kind, index }) => {
      return kind === "norm" ? norm(`${index}`, y, { activation: "relu" }) : modules[index].run(y, parameters);
    }, x);
  const haloOf = (from: number, to: number, more = 0) => {
    const reach = layout
      .slice(from, to)
      .reduce((sum, module) => sum + reachOf(module, layout[module.index - 1]?.scale ?? 1), more);
    return TILE_MULTIPLE * Math.ceil(reach / TILE_MULTIPLE);
  };
  /** A block's output, from its input and the output of its second convolution. */
  const output = (block: number, [input, convolved]: readonly Tensor[], norm: GivenNorm) =>
    norm(`${block}.${second}`, convolved, { residual: input });

  const passes: TiledPass[] = [];
  for (const { kind, index } of layout.slice(0, firstBlock)) {
    if (kind !== "norm") continue;
    const run: TiledPass["run"] = ([x], p, norm) => ({ written: [], measured: chain(0, index, x, p, norm) });
    passes.push({ reads: ["picture"], writes: [], measures: `${index}`, halo: haloOf(0, index), run });
  }
  for (const block of blocks) {
    const begins = block === firstBlock;
    passes.push({
      reads: begins ? ["picture"] : ["input", "second"],
      writes: begins ? ["first", "input"] : ["first"],
      measures: `${block}.${first}`,
      halo: begins ? haloOf(0, firstBlock, MAP_SCALE) : MAP_SCALE,
      run(inputs, p, norm) {
        const x = begins ? chain(0, firstBlock, inputs[0], p, norm) : output(block - 1, inputs, norm);
        const measured = convolveInBlock(block, first, x, p);
        return { written: begins ? [measured, x] : [measured], measured };
      },
    });
    passes.push({
      reads: begins ? ["first"] : ["first", "input", "second"],
      writes: begins ? ["second"] : ["second", "input"],
      measures: `${block}.${second}`,
      halo: MAP_SCALE,
      run([convolved, ...before], p, norm) {
        const hidden = norm(`${block}.${first}`, convolved, { activation: "relu" });
        const measured = convolveInBlock(block, second, hidden, p);
        return { written: begins ? [measured] : [measured, output(block - 1, before, norm)], measured };
      },
    });
  }
  const ends = layout.slice(afterBlocks).filter(({ kind }) => kind === "norm");
  for (const to of [...ends.map(({ index }) => index), layout.length]) {
    const last = to === layout.length;
    passes.push({
      reads: ["input", "second"],
      writes: last ? ["picture"] : [],
      measures: last ? null : `${to}`,
      halo: haloOf(afterBlocks, to),
      run(inputs, p, norm) {
        const x = chain(afterBlocks, to, output(afterBlocks - 1, inputs, norm), p, norm);
        return last ? { written: [x], measured: null } : { written: [], measured: x };
      },
    });
  }
  return passes;
}
