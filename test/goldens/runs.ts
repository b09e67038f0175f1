// Plays the golden training runs and generators: what the files' metadata say, through the public networks and step.
// One case per quantity, with its error ||ours - golden|| / ||golden|| and its bound.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cut } from "../../cut/methods/cut.js";
import { CycleGan } from "../../cut/methods/cycle-gan.js";
import { DclGan } from "../../cut/methods/dclgan.js";
import type { BatchSize, Draw } from "../../cut/methods/method.js";
import { SinCut } from "../../cut/methods/sin-cut.js";
import { Generator } from "../../cut/networks/generator.js";
import type { GeneratorArchitecture } from "../../cut/networks/generator-layout.js";
import type { ParameterShapes, PictureGenerator, Weights } from "../../cut/networks/network.js";
import { writeParameters } from "../../cut/networks/network.js";
import { SingleImageGenerator } from "../../cut/networks/single-image-generator.js";
import { describeOptions } from "../../cut/options/schema.js";
import { resolveOptions } from "../../cut/options/train-options.js";
import { type TrainOptions, trainSchema } from "../../cut/options/train-schema.js";
import { loadGenerator } from "../../cut/training/generator-file.js";
import { LOSS_SCALE, type TrainingStep } from "../../cut/training/training-step.js";
import type { Gpu } from "../../engine/core/gpu.js";
import type { StateDict } from "../../engine/formats/state-dict.js";
import { goldenIds, goldensFolder, readGolden, relativeError } from "../support/goldens.js";
import { WatchedStep } from "../support/watched-step.js";

/** One quantity: its error ||ours - golden|| / ||golden|| and what is asked for. */
export interface GoldenCase {
  name: string;
  error: number;
  bound: number;
}

const RUN_BOUND = 5e-4;

/** Of losses with activations stored as f16, against those of float32. */
const HALF_RUN_BOUND = 2e-2;

/** The loss scale that these runs have when no gradient overflows any more, and so no update is left out. */
const SETTLED_SCALE = 1024;
const OPERATOR_BOUND = 5e-5;

/** The published formula for weights: parameter k, element i, in float64; `equalised` is that of SinCUT's G and D. */
export function formulaWeights(shapes: ParameterShapes, seed: number, equalised = false): Weights {
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  let k = 0;
  for (const [key, shape] of shapes) {
    const [rows, columns = 0, kh = 1, kw = 1] = shape;
    const size = shape.reduce((product, n) => product * n, 1);
    const plain = shape.length > 1 ? Math.sqrt(2 / ((rows + columns) * kh * kw)) : 0.05;
    const std = equalised ? (key.endsWith("bias") ? 0.1 : size === 1 ? 0.5 : 1) : plain;
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const v = 43758.5453 * Math.sin(12.9898 * i + 78.233 * (101 * seed + k + 1));
      values[i] = (2 * (v - Math.floor(v)) - 1) * Math.sqrt(3) * std;
    }
    weights.set(key, values);
    k++;
  }
  return weights;
}

/** The options of a run. What its golden does not name has its default, options that come later among them. */
function runOptions(meta: Record<string, unknown>): TrainOptions {
  const { height, width, blocks, antialias, patches, all_negatives, mode, ...named } = meta;
  const part = (name: string) => (meta[name] ?? {}) as Record<string, unknown>;
  const [penalty, hard, transport, bank] = ["gradient_penalty", "hdce", "monce", "bank"].map(part);
  const described: Record<string, unknown> = {
    model: { cyclegan: "cycle_gan", dclgan: "dclgan", sincut: "sincut" }[String(meta["method"])],
    netG: `resnet_${blocks}blocks`,
    no_antialias: !antialias,
    no_antialias_up: !antialias,
    num_patches: patches,
    nce_includes_all_negatives_from_minibatch: all_negatives,
    nce_idt: mode ? mode === "CUT" : undefined,
    flip_equivariance: mode ? mode === "FastCUT" : undefined,
    lambda_gp: penalty["weight"],
    penalty_scores: penalty["reduce"],
    patch_loss: { hdce: "hdce", monce: "monce" }[String(meta["contrast"])],
    lambda_HDCE: hard["lambda_HDCE"],
    lambda_SRC: hard["lambda_SRC"],
    HDCE_gamma: hard["gamma"],
    HDCE_gamma_min: hard["gamma_min"],
    step_gamma_epoch: hard["step_after"],
    n_epochs: hard["epochs"],
    n_epochs_decay: hard["epochs"] && 0,
    cost_type: transport["cost"],
    eps: transport["eps"],
    neg_term_weight: transport["negTermWeight"],
    plan_detached: transport["planDetached"],
    nce_bank: bank["size"],
    nce_negatives: { true: "both", false: "external" }[String(bank["internal"])],
    load_size: Math.min(Number(height), Number(width)),
    crop_size: Math.min(Number(height), Number(width)),
  };
  const model = String(described["model"] ?? "cut");
  const known = new Set(
    describeOptions(trainSchema)
      .filter(({ of }) => of?.includes(model) ?? true)
      .map(({ name }) => name),
  );
  const options = Object.entries({ ...described, ...named }).filter(
    ([name, value]) => known.has(name) && value != null,
  );
  return resolveOptions({ dataroot: "none", ...Object.fromEntries(options) });
}

/** What step `t` drew, as the file has it. */
function drawnInGolden(golden: StateDict, meta: Record<string, unknown>, step: TrainingStep, t: number): Draw {
  const { method, options } = step;
  const { batch, height, width, hdce } = meta as unknown as BatchSize & { hdce?: { epoch: number[] } };
  const epoch = hdce?.epoch[t] ?? 1;
  const ids = (term: string) =>
    options.nce_layers.map((layer) => Int32Array.from(goldenIds(golden, `step${t}.ids${term}.${layer}`)));
  const mirror = (meta["flips"] as boolean[] | undefined)?.[t] ?? false;
  const context = { size: { batch, height, width }, step: t, epoch, counts: step.counts };
  if (method instanceof CycleGan) {
    const [poolA, poolB] = ["poolA", "poolB"].map((pool) => Int32Array.from(goldenIds(golden, `step${t}.${pool}`)));
    return method.drawFor({ poolA, poolB }, context);
  }
  if (method instanceof DclGan) return method.drawFor({ ids1: ids("1"), ids2: ids("2") }, context);
  if (method instanceof SinCut) {
    return method.drawFor({ x: ids("X"), y: ids("Y"), noise: values(golden, `step${t}.noise`) }, context);
  }
  const alpha = golden.tensors.has(`step${t}.alpha`) ? values(golden, `step${t}.alpha`) : undefined;
  const choices = { x: ids("X"), y: options.nce_idt ? ids(hdce ? "X" : "Y") : [], mirror, alpha };
  return (method as Cut).drawFor(choices, context);
}

/** Metadata as values: JSON where it is JSON, else the text itself. */
function metadataOf(golden: StateDict): Record<string, unknown> {
  const read = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };
  const metadata = Object.fromEntries(Object.entries(golden.metadata).map(([key, text]) => [key, read(text)]));
  // Crops are square.
  return { height: metadata["crop"], width: metadata["crop"], ...metadata };
}

const values = (golden: StateDict, name: string) => golden.tensors.get(name)?.data as Float32Array;

/** The losses of one step by the names that the step gives them. */
function namedLosses(
  losses: Record<string, number | number[]>,
  layers: readonly number[],
): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(losses).flatMap(([name, value]): [string, number][] => {
      if (typeof value === "number") return [[name, value]];
      const prefix = name.replace("_layers", "");
      return value.map((v, i) => [`${prefix}_${layers[i]}`, v]);
    }),
  );
}

/** What the file has of the pictures of the last step after it: names, and which generator makes them of what. */
function finalPictures({ method, options }: TrainingStep, A: Float32Array, B: Float32Array) {
  const { G, G_A, G_B } = method.networks as Record<"G" | "G_A" | "G_B", PictureGenerator>;
  if (!G) return [["fakeB", G_A, A] as const, ["fakeA", G_B, B] as const];
  return [["fake", G, options.nce_idt ? new Float32Array([...A, ...B]) : A] as const];
}

/**
 * A training run: losses of every step, images and gradients of step 0, and the images after the last update. With
 * `only` it ends after that many steps, before the last images. With activations stored as f16, the losses alone.
 */
export async function trainingRun(gpu: Gpu, file: string, only = Number.POSITIVE_INFINITY): Promise<GoldenCase[]> {
  const golden = readGolden(file);
  const meta = metadataOf(golden);
  const options = runOptions(meta);
  const step = new WatchedStep(gpu, options);
  step.scaler?.write({ scale: SETTLED_SCALE, growthTracker: 0 });
  const fill = meta["fill"] as Record<string, number>;
  const kinds = meta["fill_kind"] as Record<string, string> | undefined;
  const networks = Object.entries(step.method.networks);
  for (const [name, { parameters }] of networks) {
    const shapes = new Map([...parameters].map(([key, { shape }]) => [key, shape]));
    writeParameters(parameters, formulaWeights(shapes, fill[name], kinds?.[name] === "equalised"));
  }
  const { height, width, steps, lr } = meta as { height: number; width: number; steps: number; lr: number };
  const wanted = meta["losses"] as Record<string, number | number[]>[];
  const cases: GoldenCase[] = [];
  const add = (name: string, error: number) =>
    cases.push({ name: `${file}: ${name}`, error, bound: step.scaler ? HALF_RUN_BOUND : RUN_BOUND });
  for (let t = 0; t < Math.min(steps, only); t++) {
    const pair = { A: values(golden, `step${t}.A`), B: values(golden, `step${t}.B`), height, width };
    await step.run({ ...pair, draw: drawnInGolden(golden, meta, step, t), learningRate: lr });
    const { [LOSS_SCALE]: _, ...losses } = await step.losses();
    // Whatever the step logs is in the file.
    const theirs = namedLosses(wanted[t], options.nce_layers);
    const named = Object.keys(losses).map((name) => theirs.get(name) ?? Number.NaN);
    add(`losses of step ${t}`, relativeError(Object.values(losses), named));
    if (t > 0 || step.scaler) continue;
    for (const [name, picture] of Object.entries(step.pictures)) {
      add(`${name} of step 0`, relativeError(await picture.read(), values(golden, `step0.${name}`)));
    }
    for (const [network, { parameters }] of networks) {
      const keys = [...parameters.keys()];
      const ours = await Promise.all(step.gradients[network].map((gradient) => gradient.read()));
      const worst = worstGradient(
        keys,
        ours,
        keys.map((key) => values(golden, `step0.grad.${network}.${key}`)),
      );
      add(`gradients of ${network} in step 0, worst ${worst.key}`, worst.error);
    }
  }
  if (only >= steps && !step.scaler) {
    for (const [name, bank] of step.method.state ?? []) {
      const stored = golden.tensors.has(`final.${name}`);
      if (stored) add(name, relativeError(await bank.read(), values(golden, `final.${name}`)));
    }
    const A = values(golden, `step${steps - 1}.A`);
    const B = values(golden, `step${steps - 1}.B`);
    for (const [name, G, pictures] of finalPictures(step, A, B)) {
      const shape = [pictures.length / (3 * height * width), 3, height, width];
      const noise = () => gpu.tensor(values(golden, "final.noise"), [shape[0], 1, height, width]);
      const images = gpu.noGrad(() =>
        gpu.scope(() => {
          const x = gpu.tensor(pictures, shape);
          return G instanceof SingleImageGenerator ? G.translate(x, G.parameters, noise()) : G.translate(x);
        }),
      );
      add(`${name} in the end`, relativeError(await images.read(), values(golden, `final.${name}`)));
      images.dispose();
    }
  }
  step.dispose();
  return cases;
}

/**
 * The greatest relative error among a network's gradients. A bias right before a norm has a true gradient of zero,
 * which no ratio measures: gradients far smaller than that of their own weights are held against those.
 */
function worstGradient(
  keys: readonly string[],
  ours: readonly Float32Array[],
  theirs: readonly Float32Array[],
): { key: string; error: number } {
  const norm = (data: Float32Array) => Math.sqrt(data.reduce((sum, v) => sum + v * v, 0));
  let worst = { key: "", error: -1 };
  keys.forEach((key, i) => {
    const weight = theirs[keys.indexOf(key.replace(/bias$/, "weight"))] ?? theirs[i];
    const own = norm(theirs[i]);
    const zero = own < 1e-4 * norm(weight);
    const error = zero
      ? norm(ours[i].map((v, j) => v - theirs[i][j])) / norm(weight)
      : relativeError(ours[i], theirs[i]);
    if (!(error <= worst.error)) worst = { key, error };
  });
  return worst;
}

/** A generator's output: weights from a .pth beside the file, or from the formula. */
export async function generatorOutput(gpu: Gpu, file: string): Promise<GoldenCase> {
  const golden = readGolden(file);
  const {
    weights,
    fill,
    ngf,
    blocks,
    antialias = true,
  } = metadataOf(golden) as {
    weights?: string;
    fill?: number | { G: number };
    ngf: number;
    blocks: number;
    antialias?: boolean;
  };
  let G: PictureGenerator;
  if (weights) G = loadGenerator(gpu, readFileSync(join(goldensFolder, weights)), weights);
  else {
    const architecture: GeneratorArchitecture = {
      input_nc: 3,
      output_nc: 3,
      ngf,
      blocks,
      no_antialias: !antialias,
      no_antialias_up: !antialias,
    };
    G = new Generator(gpu, architecture);
    writeParameters(
      G.parameters,
      formulaWeights(Generator.shapes(architecture), typeof fill === "object" ? fill.G : Number(fill)),
    );
  }
  const x = golden.tensors.get("x");
  const y = gpu.noGrad(() => gpu.scope(() => G.translate(gpu.tensor(x?.data as Float32Array, x?.shape))));
  return { name: `${file} output`, error: relativeError(await y.read(), values(golden, "y")), bound: OPERATOR_BOUND };
}

/** The formula against a file that holds a whole set of weights, G, D and F, made by the seeds of the run beside it. */
export function formulaCheck(file: string): GoldenCase {
  const stored = readGolden(file);
  const meta = metadataOf(stored);
  const fill = (meta["fill"] ?? metadataOf(readGolden(file.replace(".weights", "")))["fill"]) as Record<string, number>;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (const network of ["G", "D", "F"]) {
    const prefix = `${network}.`;
    const entries = [...stored.tensors].filter(([key]) => key.startsWith(prefix));
    const shapes = new Map(entries.map(([key, { shape }]) => [key.slice(prefix.length), shape]));
    for (const [key, weights] of formulaWeights(shapes, fill[network])) {
      ours.push(...weights);
      theirs.push(...values(stored, prefix + key));
    }
  }
  return { name: `${file}: weights by the formula`, error: relativeError(ours, theirs), bound: 1e-6 };
}
