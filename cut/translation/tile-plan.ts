// The cost of a translation by tiles, known before it begins: its passes are recorded on an engine that only counts.
import type { Tensor } from "../../engine/core/tensor.js";
import type { AdapterTraits } from "../../engine/device/adapter.js";
import { LimitError } from "../../engine/lib/errors.js";
import { planningGpu } from "../../engine/open/planning.js";
import type { Size } from "../data/picture.js";
import { type AnyArchitecture, makeGenerator } from "../networks/any-generator.js";
import { ChannelStatistics } from "./channel-statistics.js";
import { generatorPasses, type TiledPass } from "./generator-passes.js";
import { normTensor, RecordedPass } from "./recorded-pass.js";
import { SMALLEST_TILE, tilesOf, windowSides } from "./tiles.js";

/** Sizes that are tried in order until one fits, where no size is asked for. */
const TILES = [1024, 512, 256, 128, 64, 32];
/** The memory that a window may then take on the GPU; on a software adapter that is the process's memory, too. */
const WINDOW_BYTES = 512 * 2 ** 20;

export interface TilePlan {
  /** Side of a tile in pixels. */
  tile: number;
  /** The passes in order, and how many operations each is over all tiles. */
  passes: readonly { pass: TiledPass; flops: number }[];
  /** Bytes of GPU memory, at the most. */
  bytes: number;
}

/**
 * The plan for tiles of a size, or for the largest that take at most 512 MiB. `limit` is the adapter's largest buffer,
 * in bytes. Throws a LimitError where the tiles are too large for it.
 */
export async function planTiles(
  adapter: AdapterTraits,
  limit: number,
  architecture: AnyArchitecture,
  picture: Size,
  tile: number | null,
): Promise<TilePlan> {
  const planFor = (side: number) => plan(adapter, limit, architecture, picture, side);
  if (tile !== null) {
    // A larger tile than the picture is the picture; its maps are stored with the tile filled up.
    return planFor(Math.min(tile, Math.max(picture.width, picture.height))).catch((error) => {
      throw error instanceof LimitError ? tilesTooLarge(tile, error) : error;
    });
  }
  for (const side of TILES) {
    const planned = await planFor(side).catch((error) => {
      if (error instanceof LimitError) return null;
      throw error;
    });
    if (planned && planned.bytes <= WINDOW_BYTES) return planned;
  }
  return planFor(SMALLEST_TILE);
}

/** For tiles of a size that the caller chose. */
export const tilesTooLarge = (tile: number, { message }: LimitError): LimitError =>
  new LimitError(`tiles of ${tile} pixels do not fit: ${message}`, "Give smaller tiles.");

async function plan(
  adapter: AdapterTraits,
  limit: number,
  architecture: AnyArchitecture,
  picture: Size,
  tile: number,
): Promise<TilePlan> {
  const gpu = planningGpu(adapter, limit);
  const generator = makeGenerator(gpu, architecture);
  const norms = new Map<string, Tensor>();
  let flops = 0;
  gpu.observers.add({
    onOperator(call) {
      flops += call.flops;
    },
  });
  const passes: { pass: TiledPass; flops: number }[] = [];
  for (const pass of generatorPasses(architecture)) {
    flops = 0;
    const recorded = await RecordedPass.record(gpu, pass, generator, windowSides(picture, tile, pass.halo), norms);
    passes.push({ pass, flops: flops * tilesOf(picture, tile, pass.halo).length });
    const channels = recorded.measuredChannels;
    recorded.dispose();
    if (pass.measures && channels) norms.set(pass.measures, normTensor(gpu, new ChannelStatistics(channels)));
  }
  return { tile, passes, bytes: gpu.memory().peakBytes };
}
