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
import type { Module, Parameters } from "../networks/network.js";
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
  isSingleImage(architecture) ? [singleImagePass] : new PassesByNorms(architecture).all;

/** The indices of a block's convolutions, whose outputs are the maps "first" and "second", and of the norms after. */
const [FIRST, SECOND] = blockConvolutions;

/** Passes that end at norms. Numbers of norms, blocks and ends of passes are those of modules. */
class PassesByNorms {
  readonly #layout: readonly GeneratorModule[];
  readonly #modules: readonly Module[];

  constructor(architecture: GeneratorArchitecture) {
    this.#layout = generatorLayout(architecture);
    this.#modules = generatorModules(architecture);
  }

  get all(): TiledPass[] {
    const blocks = this.#numbersOf("block");
    const [begin, after] = [blocks[0], blocks[blocks.length - 1] + 1];
    const norms = this.#numbersOf("norm");
    return [
      ...norms.filter((norm) => norm < begin).map((norm) => this.#fromPicture(norm)),
      ...[this.#firstOfFirstBlock(begin), this.#secondOfFirstBlock(begin)],
      ...blocks.slice(1).flatMap((block) => [this.#firstOfBlock(block), this.#secondOfBlock(block)]),
      ...norms.filter((norm) => norm >= after).map((norm) => this.#fromBlocks(after, norm)),
      this.#toPicture(after),
    ];
  }

  #fromPicture(norm: number): TiledPass {
    return {
      reads: ["picture"],
      writes: [],
      measures: `${norm}`,
      halo: this.#haloOf(0, norm),
      run: ([picture], p, given) => ({ written: [], measured: this.#chain(0, norm, picture, p, given) }),
    };
  }

  #firstOfFirstBlock(block: number): TiledPass {
    return {
      reads: ["picture"],
      writes: ["first", "input"],
      measures: `${block}.${FIRST}`,
      halo: this.#haloOf(0, block, MAP_SCALE),
      run: ([picture], p, given) => {
        const input = this.#chain(0, block, picture, p, given);
        const measured = convolveInBlock(block, FIRST, input, p);
        return { written: [measured, input], measured };
      },
    };
  }

  #secondOfFirstBlock(block: number): TiledPass {
    return {
      reads: ["first"],
      writes: ["second"],
      measures: `${block}.${SECOND}`,
      halo: MAP_SCALE,
      run: ([convolved], p, given) => {
        const measured = secondConvolution(block, convolved, p, given);
        return { written: [measured], measured };
      },
    };
  }

  /** The maps "input" and "second" are still those of the block before. */
  #firstOfBlock(block: number): TiledPass {
    return {
      reads: ["input", "second"],
      writes: ["first"],
      measures: `${block}.${FIRST}`,
      halo: MAP_SCALE,
      run: (before, p, given) => {
        const measured = convolveInBlock(block, FIRST, outputOf(block - 1, before, given), p);
        return { written: [measured], measured };
      },
    };
  }

  /** The maps "input" and "second" become those of this block. */
  #secondOfBlock(block: number): TiledPass {
    return {
      reads: ["first", "input", "second"],
      writes: ["second", "input"],
      measures: `${block}.${SECOND}`,
      halo: MAP_SCALE,
      run: ([convolved, ...before], p, given) => {
        const measured = secondConvolution(block, convolved, p, given);
        return { written: [measured, outputOf(block - 1, before, given)], measured };
      },
    };
  }

  #fromBlocks(after: number, norm: number): TiledPass {
    return {
      reads: ["input", "second"],
      writes: [],
      measures: `${norm}`,
      halo: this.#haloOf(after, norm),
      run: (last, p, given) => {
        const features = outputOf(after - 1, last, given);
        return { written: [], measured: this.#chain(after, norm, features, p, given) };
      },
    };
  }

  #toPicture(after: number): TiledPass {
    const end = this.#layout.length;
    return {
      reads: ["input", "second"],
      writes: ["picture"],
      measures: null,
      halo: this.#haloOf(after, end),
      run: (last, p, given) => {
        const features = outputOf(after - 1, last, given);
        return { written: [this.#chain(after, end, features, p, given)], measured: null };
      },
    };
  }

  #numbersOf(wanted: GeneratorModule["kind"]): number[] {
    return this.#layout.filter(({ kind }) => kind === wanted).map(({ index }) => index);
  }

  /** Runs the modules from `from` up to `to`, exclusive. */
  #chain(from: number, to: number, x: Tensor, parameters: Parameters, given: GivenNorm): Tensor {
    return this.#layout.slice(from, to).reduce((y, { kind, index }) => {
      return kind === "norm" ? given(`${index}`, y, { activation: "relu" }) : this.#modules[index].run(y, parameters);
    }, x);
  }

  /** The halo of a pass through those modules; `more` is what it needs besides. */
  #haloOf(from: number, to: number, more = 0): number {
    const reach = this.#layout
      .slice(from, to)
      .reduce((sum, module) => sum + reachOf(module, this.#layout[module.index - 1]?.scale ?? 1), more);
    return TILE_MULTIPLE * Math.ceil(reach / TILE_MULTIPLE);
  }
}

/** The output of a block's second convolution, from that of its first. */
function secondConvolution(block: number, convolved: Tensor, parameters: Parameters, given: GivenNorm): Tensor {
  const hidden = given(`${block}.${FIRST}`, convolved, { activation: "relu" });
  return convolveInBlock(block, SECOND, hidden, parameters);
}

/** A block's output, from its input and the output of its second convolution. */
const outputOf = (block: number, [input, convolved]: readonly Tensor[], given: GivenNorm): Tensor =>
  given(`${block}.${SECOND}`, convolved, { residual: input });
