// `cutgpu metric --ladder`: the metric's response to known distortions of the user's pictures.
import { Random } from "../../engine/lib/random.js";
import { cropPicture, type Picture } from "../data/picture.js";
import { resizePicture, scaleDown } from "../data/resize.js";
import { ladderDistortions } from "../evaluation/distortions/ladder-steps.js";
import { COLUMNS } from "../evaluation/ladder/compared.js";
import { runLadder } from "../evaluation/ladder/ladder.js";
import { ladderTables } from "../evaluation/ladder/ladder-tables.js";
import { PatchMetric } from "../evaluation/patches/patch-metric.js";
import { encodePng, readPicture } from "../files/decode.js";
import { renderLadderPage } from "../report/ladder-page.js";
import { listFolder } from "./evaluation-sets.js";
import { encoderText, openEncoder } from "./metric-encoder.js";
import type { MetricJob, MetricSettings } from "./metric-job.js";
import { withProgress } from "./terminal/index.js";
import { textTable } from "./text-table.js";

/** Number of distorted pictures; the encoder is trained on the others where there are at least as many. */
const DISTORTED = 8;
/** Default side of the pictures in pixels. */
const SIDE = 128;
/** Default number of pixels within which patches may move. */
export const LADDER_WINDOW = 4;
/** Default maximum number of compared positions of a layer: six hundred pairs are compared. */
const POSITIONS = 576;

/** Lists and checks the folder. */
export async function ladderJob(folder: string, settings: MetricSettings): Promise<MetricJob> {
  const side = settings.size ?? SIDE;
  const window = settings.window ?? LADDER_WINDOW;
  const listed = await listFolder("--ladder", folder);
  const read = async (file: string) => square(await readPicture(file, 3), side);
  return {
    reading: [{ what: `the pictures of ${listed.what}`, paths: listed.files }],
    side,
    async run(gpu, choice) {
      const order = [...new Random(choice.seed).fork("pictures").permutation(listed.files.length)];
      const files = order.map((i) => listed.files[i]);
      const distorted = files.slice(0, DISTORTED).sort();
      const rest = files.slice(DISTORTED);
      const seen = rest.length < distorted.length ? files : rest;
      const pictures = await Promise.all(distorted.map(read));
      const model = await openEncoder(gpu, choice, () => Promise.all(seen.map(read)));
      const metric = new PatchMetric(gpu, model, {
        window,
        positions: settings.positions ?? POSITIONS,
        seed: choice.seed,
      });
      const { seed, signal } = choice;
      const ladder = await withProgress("comparing", (onProgress) =>
        runLadder({ pictures, metric, seed, signal, onProgress }),
      ).finally(() => metric.dispose());
      const encoder = encoderText(settings.model, choice.steps, seen.length);
      const unseen = settings.model === null && seen === rest;
      const about: [string, string][] = [
        ["pictures", `${pictures.length} of ${folder}`],
        ["size", `${side} x ${side}`],
        ["window", `${window} px`],
        ["encoder", unseen ? `${encoder}, none of these` : encoder],
        ["criteria met", `${ladder.verdicts.filter(({ met }) => met).length} of ${ladder.verdicts.length}`],
      ];
      const tables = ladderTables(ladder);
      const left = (column: number) => column < 2;
      return {
        text: [
          textTable(tables.rows, left),
          textTable(tables.correlations, (column) => column === 0),
          textTable(tables.areas, (column) => column === 0),
          `${tables.answers.join("\n")}\n${tables.summary}\n`,
        ].join("\n"),
        json: { ...Object.fromEntries(about), seed: choice.seed, columns: COLUMNS, ...ladder },
        page: async () =>
          renderLadderPage({ about, ladder, tables, strips: await strips(pictures, window, choice.seed) }),
      };
    },
  };
}

/** The largest square in the middle of a picture, scaled. */
function square(picture: Picture, side: number): Picture {
  const shorter = Math.min(picture.width, picture.height);
  const [left, top] = [(picture.width - shorter) >> 1, (picture.height - shorter) >> 1];
  return resizePicture(cropPicture(picture, left, top, shorter, shorter), side, side);
}

/** The first picture distorted at every level, as the page shows it. */
async function strips(pictures: readonly Picture[], window: number, seed: number) {
  const [first, second] = pictures;
  const png = (picture: Picture) => encodePng(scaleDown(picture, 96));
  return Promise.all(
    ladderDistortions(window).map(async ({ name, levels }) => ({
      name,
      levels: await Promise.all(
        levels.map(async ({ label, of }) => {
          const distorted = of(first, new Random(seed).fork(`${name} 0`), second);
          return { caption: label || name, png: await png(distorted) };
        }),
      ),
    })),
  );
}
