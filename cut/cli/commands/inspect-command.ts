// `cutgpu inspect`: what a trained encoder sees in a picture, as in the paper's figures, where the patches of its
// translation come from, and with --compare how two checkpoints of a run differ in it. Makes pictures and a page that
// shows them; all are computed before the first is written.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { CutgpuError } from "../../../engine/lib/errors.js";
import type { Picture } from "../../data/picture.js";
import { makeFolder, writeFileAtomically } from "../../files/atomic-files.js";
import { encodePng, readPicture } from "../../files/decode.js";
import { checkOutput, isFolder } from "../../files/output.js";
import { readText, readWhole } from "../../files/read-whole.js";
import type { InspectedLayer, Point } from "../../inspection/inspected-layer.js";
import { type InspectModel, loadInspectModel } from "../../inspection/inspection-model.js";
import { type ComponentsMap, Inspector, type SimilarityMap } from "../../inspection/inspector.js";
import type { CorrespondenceMap, LossMap } from "../../inspection/patch-maps.js";
import { checkpointName, epochOption, group, modelOption, profileOption } from "../../options/common-options.js";
import {
  completeOptions,
  type GivenOptions,
  OptionError,
  option,
  orNone,
  required,
  text,
} from "../../options/schema.js";
import { INSPECT_KICKER, type InspectFigure, renderInspectPage } from "../../report/inspection-page.js";
import { lossText, sourcesText } from "../../report/inspection-text.js";
import {
  componentsPicture,
  differencePicture,
  lossPicture,
  markPoint,
  rangeOf,
  similarityPicture,
} from "../../report/overlay.js";
import { sourcesPicture } from "../../report/source-arrows.js";
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
  compare: option(
    group,
    orNone(checkpointName),
    null,
    "another checkpoint of the run, whose translation, sources and losses are shown beside",
  ),
  profile: profileOption(group),
});

const PAGE = "index.html";

export default defineCommand({
  usage: "--model RUN|FILE --in FILE [--at X,Y] [--compare best] --out DIR",
  options: schema,
  run: inspect,
});

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

/** The results of a model for the picture. */
interface Translated {
  model: Pick<InspectModel, "tau">;
  translation: Picture;
  sources: CorrespondenceMap[];
  losses: LossMap[];
}

interface Seen extends Translated {
  similarities: SimilarityMap[];
  components: ComponentsMap[];
}

async function inspect(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const { epoch, compare } = options;
  const file = modelFile(options.model, { epoch });
  const other = compare === null ? null : comparedFile(options.model, epoch, compare);
  if (isFolder(options.in)) {
    throw new OptionError(`--in ${options.in} is a folder;`, "give a single picture.");
  }
  const named = { what: `--in ${options.in}`, paths: [options.in] };
  const models = { what: `--model ${options.model}`, paths: other === null ? [file] : [file, other] };
  const taken = takenNames(options.out);
  // The page, and existing files whose names a picture may get.
  const paths = [...new Set([...taken, PAGE])].map((name) => join(options.out, name));
  checkOutput({ what: `--out ${options.out}`, paths }, [named, models]);
  refuseForeign(options.out, taken);
  const picture = await readPicture(options.in, 3);
  const point = pointOf(options.at, picture);
  const { seen, compared } = await look(file, other, picture, point, options.profile, signal);
  const { width, height } = picture;
  const page = await drawFiles(picture, point, seen, compared && { name: `${compare}`, seen: compared }, {
    title: basename(options.in),
    summary: [
      ["model", options.model],
      ...(compare === null ? [] : [["checkpoints", `${epoch} and ${compare}`] satisfies [string, string]]),
      ["picture", `${width} x ${height}`],
      ["point", `${point.x}, ${point.y}`],
    ],
  });
  makeFolder(options.out);
  for (const [name, content] of page) writeFileAtomically(join(options.out, name), content);
  print(`${page.size - 1} pictures and index.html written to ${options.out}\n`);
}

/** The checkpoint that --compare names. */
function comparedFile(model: string, epoch: string, compare: string): string {
  if (compare === epoch) {
    throw new OptionError(`--compare ${compare} is the checkpoint that is looked at;`, "give another one of the run.");
  }
  const file = modelFile(model);
  if (file === model || model === "demo") {
    throw new OptionError(`--compare is of runs and ${model} is a file;`, "give the run's folder, or no --compare.");
  }
  return modelFile(model, { epoch: compare });
}

/** The files of a folder whose names this command gives. */
function takenNames(folder: string): string[] {
  const there = isFolder(folder) ? readdirSync(folder) : [];
  return there.filter(
    (name) =>
      name === PAGE ||
      /^(input|output|compared|difference|(similarity|pca|(compared-)?(sources|nce))-\d+)\.png$/.test(name),
  );
}

/** Throws where the folder holds files of these names that are not of an earlier call: the user chose none of them. */
function refuseForeign(folder: string, names: readonly string[]): void {
  const ours = () => readText(join(folder, PAGE)).includes(INSPECT_KICKER);
  if (names.length === 0 || (names.includes(PAGE) && ours())) return;
  throw new OptionError(`--out ${folder} holds ${names[0]}, which is not of cutgpu inspect;`, "choose another place.");
}

/** All work on the GPU. */
async function look(
  file: string,
  other: string | null,
  picture: Picture,
  point: Point,
  profile: "auto" | "gpu" | "software",
  signal: AbortSignal,
): Promise<{ seen: Seen; compared: Translated | null }> {
  const files = other === null ? [file] : [file, other];
  const bytes = files.map(readWhole);
  const gpu = await openCommandGpu(profile);
  try {
    const [model, second = null] = files.map((name, i) => loadInspectModel(gpu, bytes[i], name));
    if (!model.heads) note(`${file} holds no heads: features are compared as they are`);
    if (second) requireSameKind(model, second, files);
    // Translation, encoding and keys, similarities, and three maps of each layer; for another checkpoint two.
    const each = model.layers.length;
    const progress = startProgress({ label: "looking", total: 3 + 4 * each + (second ? 2 + 3 * each : 0) });
    let done = 0;
    /** Options of a piece of work that counts as `steps` steps of progress. */
    const piece = (steps: number) => {
      const before = done;
      done += steps;
      return { signal, onProgress: (fraction: number) => progress.update(before + Math.round(fraction * steps)) };
    };
    const translated = async <T>(of: InspectModel, more: (inspector: Inspector) => Promise<T>) => {
      const inspector = new Inspector(gpu, of);
      try {
        await inspector.load(picture, piece(2 + each));
        const sources = await inspector.sources(piece(each));
        const losses = await inspector.losses(piece(each));
        return { model: of, translation: inspector.translation, sources, losses, ...(await more(inspector)) };
      } finally {
        inspector.dispose();
      }
    };
    try {
      const seen = await translated(model, async (inspector) => {
        const similarities = await inspector.similarity(point.x, point.y);
        return { similarities, components: await inspector.components(piece(1 + each)) };
      });
      return { seen, compared: second && (await translated(second, async () => ({}))) };
    } finally {
      progress.stop();
    }
  } finally {
    gpu.dispose();
  }
}

/** Throws where two checkpoints are of models that cannot be compared layer by layer. */
function requireSameKind(a: InspectModel, b: InspectModel, [first, second]: string[]): void {
  const kind = ({ generator, layers, heads }: InspectModel) =>
    JSON.stringify([Object.entries(generator.architecture).sort(), layers, heads === null]);
  if (kind(a) === kind(b)) return;
  throw new CutgpuError(
    "MODEL",
    `${first} and ${second} are models of different kind;`,
    "compare checkpoints of one run, with the same generator, layers and heads.",
  );
}

/** The content of every file by name, the page last. */
async function drawFiles(
  input: Picture,
  { x, y }: Point,
  { model, translation, similarities, components, sources, losses }: Seen,
  compared: { name: string; seen: Translated } | null,
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
  if (compared) {
    const { picture, max, mean } = differencePicture(translation, compared.seen.translation);
    const amplified = max > 0 ? `, amplified ${(255 / max).toFixed(1)} times` : "";
    const differs = `difference of the outputs: mean ${mean.toFixed(2)} of 255, highest ${max.toFixed(0)}${amplified}`;
    pictures.push(await add("compared.png", `output of ${compared.name}`, compared.seen.translation));
    pictures.push(await add("difference.png", differs, picture));
  }
  const checkpoints: { prefix: string; of: string; seen: Pick<Translated, "sources" | "losses"> }[] = [
    { prefix: "", of: "", seen: { sources, losses } },
  ];
  if (compared) checkpoints.push({ prefix: "compared-", of: ` of ${compared.name}`, seen: compared.seen });
  const layers = [];
  for (const [i, map] of similarities.entries()) {
    const { layer } = map;
    const similarity = markPoint(similarityPicture(map, input), x, y);
    const shares = components[i].explained.map((share) => `${(100 * share).toFixed(0)} %`).join(", ");
    const figures = [
      await add(`similarity-${layer}.png`, similarityText(map, model.tau), similarity),
      await add(
        `pca-${layer}.png`,
        `principal components: ${shares} of the variance`,
        componentsPicture(components[i], input),
      ),
    ];
    // The checkpoints share one scale.
    const ranges = checkpoints.map(({ seen }) => rangeOf(seen.losses[i].values));
    const range = [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))] as const;
    for (const { prefix, of, seen } of checkpoints) {
      const source = seen.sources[i];
      const arrows = sourcesPicture(source, input);
      figures.push(await add(`${prefix}sources-${layer}.png`, `sources${of}: ${sourcesText(source)}`, arrows));
    }
    for (const { prefix, of, seen } of checkpoints) {
      const loss = seen.losses[i];
      const heat = lossPicture(loss, input, range);
      figures.push(await add(`${prefix}nce-${layer}.png`, `PatchNCE${of}: ${lossText(loss)}`, heat));
    }
    layers.push({ name: `Layer ${layer}: ${sizeText(map)}`, figures });
  }
  const page = renderInspectPage({
    ...about,
    pictures,
    layers,
    tau: model.tau,
    width: input.width,
    compared: compared !== null,
  });
  return files.set(PAGE, page);
}

const sizeText = ({ channels, width, height }: InspectedLayer) => `${channels} channels at ${width} x ${height}`;

/**
 * The range of cosines that the colours span, and whether the patch at the same place is the first, as training wants
 * it.
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
