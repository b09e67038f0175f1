// `cutgpu metric --pairs`: PatchNCE of results against their sources.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Picture } from "../data/picture.js";
import { resizePicture, scaleDown } from "../data/resize.js";
import type { PictureSet } from "../evaluation/pairs.js";
import { knownMean } from "../evaluation/patches/content-scale.js";
import { PatchMetric } from "../evaluation/patches/patch-metric.js";
import { comparePatchPairs, meansByLayer, type PairLayer, type PatchPair } from "../evaluation/patches/patch-pairs.js";
import { scaledTo } from "../evaluation/picture-features.js";
import { encodePng } from "../files/decode.js";
import { matchPictures } from "../files/picture-pairs.js";
import {
  type DrawnPair,
  distanceText,
  NO_DISTANCE,
  PAIR_HEADS,
  pairCells,
  renderMetricPage,
} from "../report/metric-page.js";
import { coloursOf } from "../report/overlay.js";
import { checkSizes, listFolder, picturesOf } from "./evaluation-sets.js";
import { type EncoderChoice, encoderText, openEncoder } from "./metric-encoder.js";
import type { MetricJob, MetricSettings } from "./metric-job.js";
import { startProgress } from "./terminal/index.js";
import { textTable } from "./text-table.js";

/** Default maximum number of compared positions of a layer. */
const POSITIONS = 4096;
/** Pairs on the page, the farthest apart. */
const DRAWN = 48;
/** Pixels of the longer side of a picture on the page. */
const SIDE = 160;
/** Maximum number of pictures that an encoder is trained on, evenly apart. */
const TRAINED_ON = 256;

/** Lists and checks the folders. */
export async function pairsJob([A, B]: readonly [string, string], settings: MetricSettings): Promise<MetricJob> {
  const { size, window, model } = settings;
  const [first, second] = [await listFolder("--pairs", A), await listFolder("--pairs", B)];
  const files = matchPictures(first, second);
  await checkSizes([first, second], size);
  const scaled = (set: PictureSet): PictureSet => ({ ...set, read: async (i) => scaledTo(await set.read(i), size) });
  const [sources, results] = [scaled(picturesOf(first)), scaled(picturesOf({ ...second, files }))];
  const { width, height } = await sources.read(0);
  return {
    reading: [first, second].map((of) => ({ what: `the pictures of ${of.what}`, paths: of.files })),
    side: Math.min(width, height),
    async run(gpu, choice) {
      const step = Math.ceil(sources.names.length / TRAINED_ON);
      const ids = sources.names.map((_, i) => i).filter((i) => i % step === 0);
      const pairs = await compare(gpu, choice, {
        sources,
        results,
        ids,
        window: window ?? 0,
        positions: settings.positions ?? POSITIONS,
      });
      const names = sources.names;
      const distance = knownMean(pairs.map((pair) => pair.distance));
      const about: [string, string][] = [
        ["sources", A],
        ["results", B],
        ["pairs", String(pairs.length)],
        ["mean distance", distanceText(distance)],
        ["encoder", encoderText(model, choice.steps, ids.length)],
        ["window", `${window ?? 0} px`],
        ...(size === null ? [] : [["scaled to", `${size} x ${size}`] satisfies [string, string]]),
      ];
      const means = meansByLayer(pairs);
      const rows = pairs.map((pair) => [names[pair.id], distanceText(pair.distance), accuracyText(pair)]);
      const table = textTable([["picture", "distance", "accuracy by layer"], ...rows], (column) => column !== 1);
      const layers = textTable([PAIR_HEADS, ...means.map(pairCells)], () => false);
      const dash = means.some((mean) => mean.distance === null) ? `, ${NO_DISTANCE}` : "";
      const scale = `0 is the source, 1 another source${dash}`;
      return {
        text: `${table}\nmean distance ${distanceText(distance)}: ${scale}\n\n${layers}`,
        json: { ...Object.fromEntries(about), distance, layers: means, pairs: pairs.map((pair) => plain(pair, names)) },
        page: async () => renderMetricPage({ about, means, pairs: await drawn(pairs, sources, results) }),
      };
    },
  };
}

async function compare(
  gpu: Gpu,
  choice: EncoderChoice,
  of: { sources: PictureSet; results: PictureSet; ids: readonly number[]; window: number; positions: number },
): Promise<PatchPair[]> {
  const { sources, results, ids, window, positions } = of;
  const { seed, signal } = choice;
  const model = await openEncoder(gpu, choice, () => Promise.all(ids.map((i) => sources.read(i))));
  const metric = new PatchMetric(gpu, model, { window, positions, seed });
  const progress = startProgress({ label: "comparing", total: sources.names.length });
  try {
    const onPair = ({ id }: PatchPair, done: number) => progress.update(done, sources.names[id]);
    return await comparePatchPairs({ metric, sources, results, seed, signal, onPair });
  } finally {
    progress.stop();
    metric.dispose();
  }
}

const accuracyText = ({ layers }: PatchPair): string =>
  layers.map(({ layer, accuracy }) => `${layer}: ${(100 * accuracy).toFixed(0)} %`).join(", ");

/** A pair without its maps. */
function plain({ id, distance, layers }: PatchPair, names: readonly string[]) {
  const numbers = ({ layer, distance, nce, accuracy, bound, grid }: PairLayer) => {
    return { layer, distance, nce, accuracy, bound, positions: grid.chosen.length };
  };
  return { name: names[id], distance, layers: layers.map(numbers) };
}

/** The pairs farthest apart, with a map of each layer. */
async function drawn(pairs: readonly PatchPair[], sources: PictureSet, results: PictureSet): Promise<DrawnPair[]> {
  const order = [...pairs].sort((a, b) => (b.distance ?? 0) - (a.distance ?? 0)).slice(0, DRAWN);
  const figures: DrawnPair[] = [];
  for (const pair of order) {
    const shown = [await sources.read(pair.id), await results.read(pair.id)].map((of) => scaleDown(of, SIDE));
    const maps = pair.layers.map((layer) => mapPicture(layer, shown[0]));
    figures.push({
      name: sources.names[pair.id],
      distance: distanceText(pair.distance),
      pngs: await Promise.all(shown.map(encodePng)),
      maps: await Promise.all(
        pair.layers.map(async ({ layer, distance }, i) => {
          const caption = `layer ${layer}: ${distanceText(distance)}`;
          return { caption, png: await encodePng(maps[i]) };
        }),
      ),
    });
  }
  return figures;
}

/** A layer's cross-entropies in false colours, from 0 to the one of guessing, as large as a picture. */
function mapPicture({ map, grid }: PairLayer, { width, height }: Picture): Picture {
  const data = coloursOf(map, [0, Math.log(grid.chosen.length)]);
  return resizePicture({ width: grid.width, height: grid.height, channels: 3, data }, width, height);
}
