// `cutgpu inspect`: what a trained encoder sees in a picture, as in the paper's figures. Makes pictures and a page that
// shows them; all are computed before the first is written.
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import type { Picture } from "../../data/picture.js";
import { makeFolder, writeFileAtomically } from "../../files/atomic-files.js";
import { encodePng, readPicture } from "../../files/decode.js";
import { checkOutput } from "../../files/output.js";
import { readWhole } from "../../files/read-whole.js";
import type { InspectedLayer } from "../../inspection/inspected-layer.js";
import { type InspectModel, loadInspectModel } from "../../inspection/inspection-model.js";
import { type ComponentsMap, Inspector, type SimilarityMap } from "../../inspection/inspector.js";
import { epochOption, group, modelOption, profileOption } from "../../options/common-options.js";
import { completeOptions, type GivenOptions, OptionError, option, required, text } from "../../options/schema.js";
import { type InspectFigure, renderInspectPage } from "../../report/inspection-page.js";
import { componentsPicture, markPoint, rangeOf, similarityPicture } from "../../report/overlay.js";
import { modelFile } from "../model-file.js";
import { openCommandGpu } from "../open-gpu.js";
import { type CommandContext, defineCommand, note, print, startProgress } from "../terminal/index.js";

const schema = v.strictObject({
  model: modelOption(group),
  epoch: epochOption(group),
  in: required(group, text("FILE"), "the picture to look at"),
  at: option(
    group,
    text("X,Y", "a pixel such as 120,80, or centre", /^(centre|\d+,\d+)$/),
    "centre",
    "the pixel of the output whose patch is compared, counted from the top left",
  ),
  out: required(group, text("DIR"), "the folder for the pictures and index.html"),
  profile: profileOption(group),
});

export default defineCommand({
  usage: "--model RUN|FILE --in FILE [--at X,Y] --out DIR",
  options: schema,
  run: inspect,
});

interface Point {
  x: number;
  y: number;
}

/** The pixel that --at names. */
function pointOf(at: string, { width, height }: Picture): Point {
  if (at === "centre") return { x: Math.floor(width / 2), y: Math.floor(height / 2) };
  const [x, y] = at.split(",").map(Number);
  if (x < width && y < height) return { x, y };
  throw new OptionError(
    `--at ${at} is outside of the picture, which has ${width} x ${height} pixels;`,
    `give x from 0 to ${width - 1} and y from 0 to ${height - 1}.`,
  );
}

interface Seen {
  model: Pick<InspectModel, "tau">;
  translation: Picture;
  similarities: SimilarityMap[];
  components: ComponentsMap[];
}

async function inspect(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const file = modelFile(options.model, { epoch: options.epoch });
  if (existsSync(options.in) && statSync(options.in).isDirectory()) {
    throw new OptionError(`--in ${options.in} is a folder;`, "give a single picture.");
  }
  const named = { what: `--in ${options.in}`, paths: [options.in] };
  const paths = outputPaths(options.out);
  checkOutput({ what: `--out ${options.out}`, paths }, [named, { what: `--model ${options.model}`, paths: [file] }]);
  const picture = await readPicture(options.in, 3);
  const point = pointOf(options.at, picture);
  const seen = await look(file, picture, point, options.profile, signal);
  const { width, height } = picture;
  const page = await drawFiles(picture, point, seen, {
    title: basename(options.in),
    summary: [
      ["model", options.model],
      ["picture", `${width} x ${height}`],
      ["point", `${point.x}, ${point.y}`],
    ],
  });
  makeFolder(options.out);
  for (const [name, content] of page) writeFileAtomically(join(options.out, name), content);
  print(`${page.size - 1} pictures and index.html written to ${options.out}\n`);
}

/** The page, and whatever has a name in the folder that a picture may get. */
function outputPaths(folder: string): string[] {
  const there = existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
  const taken = there.filter((name) => /^(input|output|(similarity|pca)-\d+)\.png$/.test(name));
  return [...taken, "index.html"].map((name) => join(folder, name));
}

/** All that the GPU is needed for. */
async function look(
  file: string,
  picture: Picture,
  point: Point,
  profile: "auto" | "gpu" | "software",
  signal: AbortSignal,
): Promise<Seen> {
  const bytes = readWhole(file);
  const gpu = await openCommandGpu(profile);
  try {
    const model = loadInspectModel(gpu, bytes, file);
    if (!model.heads) note(`${file} holds no heads: features are compared as they are`);
    const inspector = new Inspector(gpu, model);
    // Translation, encoding, then keys, similarities and components of each layer.
    const keyed = 2 + model.layers.length;
    const progress = startProgress({ label: "looking", total: keyed + 1 + model.layers.length });
    try {
      await inspector.load(picture, {
        signal,
        onProgress: (fraction) => progress.update(Math.round(fraction * keyed)),
      });
      const similarities = await inspector.similarity(point.x, point.y);
      progress.update(keyed + 1);
      const onProgress = (fraction: number) => progress.update(keyed + 1 + Math.round(fraction * model.layers.length));
      const components = await inspector.components({ signal, onProgress });
      return { model, translation: inspector.translation, similarities, components };
    } finally {
      progress.stop();
      inspector.dispose();
    }
  } finally {
    gpu.dispose();
  }
}

/** The content of every file by name, the page last. */
async function drawFiles(
  input: Picture,
  { x, y }: Point,
  { model, translation, similarities, components }: Seen,
  about: { title: string; summary: [string, string][] },
): Promise<Map<string, Uint8Array | string>> {
  const files = new Map<string, Uint8Array | string>();
  const add = async (name: string, caption: string, picture: Picture): Promise<InspectFigure> => {
    const png = await encodePng(picture);
    files.set(name, png);
    return { caption, png };
  };
  await add("input.png", "", input);
  await add("output.png", "", translation);
  const pictures: InspectFigure[] = [
    { caption: "input", png: await encodePng(markPoint(input, x, y)) },
    { caption: "output, with the patch that is compared", png: await encodePng(markPoint(translation, x, y)) },
  ];
  const layers = [];
  for (const [i, map] of similarities.entries()) {
    const { layer } = map;
    const similarity = markPoint(similarityPicture(map, input), x, y);
    const shares = components[i].explained.map((share) => `${(100 * share).toFixed(0)} %`).join(", ");
    layers.push({
      name: `Layer ${layer}: ${sizeText(map)}`,
      figures: [
        await add(`similarity-${layer}.png`, similarityText(map, model.tau), similarity),
        await add(
          `pca-${layer}.png`,
          `principal components: ${shares} of the variance`,
          componentsPicture(components[i], input),
        ),
      ],
    });
  }
  const page = renderInspectPage({ ...about, pictures, layers, tau: model.tau, width: input.width });
  return files.set("index.html", page);
}

const sizeText = ({ channels, width, height }: InspectedLayer) => `${channels} channels at ${width} x ${height}`;

/**
 * Between which cosines the colours lie, and whether the patch at the same place is the first, as training wants it.
 */
function similarityText({ values, width, position }: SimilarityMap, tau: number): string {
  const [lowest, highest] = rangeOf(values).map((value) => (tau * Math.log(value)).toFixed(2));
  const atSamePlace = values[position.y * width + position.x];
  const better = values.reduce((count, value) => count + Number(value > atSamePlace), 0);
  const share = (100 * better) / values.length;
  const percentage = share < 1 ? "less than 1" : share.toFixed(0);
  const rank =
    better === 0
      ? "the patch at the same place is the most similar"
      : `${percentage} % of the patches are more similar than the one at the same place`;
  return `similarity: v·k from ${lowest} to ${highest}; ${rank}`;
}
