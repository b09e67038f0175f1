// What translation by tiles takes before there is any: its sweeps are recorded on an engine that only counts.
import { LimitError } from "../../engine/core/errors.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { AdapterTraits } from "../../engine/device/adapter.js";
import { planningGpu } from "../../engine/device/planning.js";
import { type AnyArchitecture, makeGenerator } from "../networks/any-generator.js";
import { ChannelStatistics } from "./channel-statistics.js";
import { generatorSweeps, type Sweep } from "./generator-sweeps.js";
import { normTensor, SweepPass } from "./sweep-pass.js";
import { type Sides, SMALLEST_TILE, tilesOf, windowSides } from "./tiles.js";

/** Tiles that are tried, the first that fits, where no size is asked for. */
const TILES = [1024, 512, 256, 128, 64, 32];
/** What a window may take on the GPU then: on a software adapter it is the process's memory too. */
const WINDOW_BYTES = 512 * 2 ** 20;

export interface TilePlan {
  /** Side of a tile in pixels. */
  tile: number;
  /** The sweeps in order, and how many operations each is over all tiles. */
  sweeps: readonly { sweep: Sweep; flops: number }[];
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
  picture: Sides,
  tile: number | null,
): Promise<TilePlan> {
  const planFor = (side: number) => plan(adapter, limit, architecture, picture, side);
  if (tile !== null) {
    // A larger tile than the picture is the picture; its maps are stored with the tile filled up.
    return planFor(Math.min(tile, Math.max(picture.width, picture.height))).catch((error) => {
      if (!(error instanceof LimitError)) throw error;
      throw new LimitError(`tiles of ${tile} pixels do not fit: ${error.message}`, "Give smaller tiles.");
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

async function plan(
  adapter: AdapterTraits,
  limit: number,
  architecture: AnyArchitecture,
  picture: Sides,
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
  const sweeps: { sweep: Sweep; flops: number }[] = [];
  for (const sweep of generatorSweeps(architecture)) {
    flops = 0;
    const pass = await SweepPass.record(gpu, sweep, generator, windowSides(picture, tile, sweep.border), norms);
    sweeps.push({ sweep, flops: flops * tilesOf(picture, tile, sweep.border).length });
    const channels = pass.measuredChannels;
    pass.dispose();
    if (sweep.measures && channels) norms.set(sweep.measures, normTensor(gpu, new ChannelStatistics(channels)));
  }
  return { tile, sweeps, bytes: gpu.memory().peakBytes };
}
