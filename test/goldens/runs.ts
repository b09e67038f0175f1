// Plays the golden training runs and generators: what the files' metadata say, through the public networks and step.
// One case a quantity, with its error ||ours - golden|| / ||golden|| and its bound.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Generator } from "../../cut/networks/generator.js";
import type { GeneratorArchitecture } from "../../cut/networks/generator-layout.js";
import type { ParameterShapes, Parameters, Weights } from "../../cut/networks/network.js";
import { writeParameters } from "../../cut/networks/network.js";
import { loadGenerator } from "../../cut/training/checkpoint.js";
import { type StepOptions, TrainingStep } from "../../cut/training/training-step.js";
import type { Gpu } from "../../engine/device/gpu.js";
import type { StateDict } from "../../engine/formats/state-dict.js";
import { Random } from "../../engine/random.js";
import { goldensFolder, readGolden, relativeError } from "../support/goldens.js";
import { emulateDefect } from "./pytorch-defect.js";

/** One quantity: its error ||ours - golden|| / ||golden|| and what is asked for. */
export interface GoldenCase {
  name: string;
  error: number;
  bound: number;
}

const RUN_BOUND = 5e-4;
const OPERATOR_BOUND = 5e-5;

/** The published formula for weights: parameter k, element i, in float64. */
export function formulaWeights(shapes: ParameterShapes, seed: number): Weights {
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  let k = 0;
  for (const [key, shape] of shapes) {
    const [rows, columns = 0, kh = 1, kw = 1] = shape;
    const size = shape.reduce((product, n) => product * n, 1);
    const std = shape.length > 1 ? Math.sqrt(2 / ((rows + columns) * kh * kw)) : 0.05;
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

const blocksOption = (blocks: number) => `resnet_${blocks}blocks` as StepOptions["netG"];

function stepOptions(meta: Record<string, unknown>): StepOptions {
  const get = <T>(name: string) => meta[name] as T;
  return {
    ...{ input_nc: 3, output_nc: 3, ngf: get("ngf"), ndf: get("ndf"), netG: blocksOption(get("blocks")) },
    ...{ netD: "basic", n_layers_D: 3, no_antialias: !get("antialias"), no_antialias_up: !get("antialias") },
    ...{ netF: "mlp_sample", netF_nc: get("netF_nc"), nce_layers: get("nce_layers"), nce_T: get("nce_T") },
    ...{ nce_idt: get("mode") === "CUT", num_patches: get("patches"), flip_equivariance: get("mode") === "FastCUT" },
    ...{ nce_includes_all_negatives_from_minibatch: get("all_negatives"), gan_mode: get("gan_mode") },
    ...{ lambda_GAN: get("lambda_GAN"), lambda_NCE: get("lambda_NCE"), beta1: get("beta1"), beta2: get("beta2") },
  } as StepOptions;
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
  return Object.fromEntries(Object.entries(golden.metadata).map(([key, text]) => [key, read(text)]));
}

const values = (golden: StateDict, name: string) => golden.tensors.get(name)?.data as Float32Array;

/**
 * A whole training run: gradients of step 0, losses of every step, the first and the last images.
 * The published files store, as `step0.grad.G` and `step0.grad.F`, the gradients of the LAST step (those of D are of step 0);
 * a file may also hold what the name says. Both are tried, and the case's name says which it was.
 */
async function playRun(gpu: Gpu, file: string, emulated: boolean, rounding?: Random): Promise<GoldenCase[]> {
  const golden = readGolden(file);
  const meta = metadataOf(golden);
  const options = stepOptions(meta);
  const step = new TrainingStep(gpu, options);
  if (emulated) emulateDefect(step);
  const fill = meta["fill"] as Record<"G" | "D" | "F", number>;
  const networks = { G: step.G.parameters, D: step.D.parameters, F: step.F.parameters };
  const shapesOf = (parameters: Parameters) => new Map([...parameters].map(([key, tensor]) => [key, tensor.shape]));
  for (const name of ["G", "D", "F"] as const) {
    writeParameters(networks[name], formulaWeights(shapesOf(networks[name]), fill[name]));
  }
  const { height, width, steps, lr } = meta as { height: number; width: number; steps: number; lr: number };
  const flips = meta["flips"] as boolean[];
  const wanted = meta["losses"] as Record<string, number | number[]>[];
  const picture = (name: string) => (rounding ? rerounded(values(golden, name), rounding) : values(golden, name));
  const cases: GoldenCase[] = [];
  const gradients = async (network: "G" | "D" | "F", t: number) => {
    const keys = [...networks[network].keys()];
    const ours = await Promise.all(step.gradients[network].map((gradient) => gradient.read()));
    const theirs = keys.map((key) => values(golden, `step0.grad.${network}.${key}`));
    return worstGradient(`gradients of ${network}, step ${t}`, keys, ours, theirs);
  };
  const first: GoldenCase[] = [];
  for (let t = 0; t < steps; t++) {
    const positions = (term: string) =>
      options.nce_layers.map((layer) =>
        Int32Array.from(golden.tensors.get(`step${t}.ids${term}.${layer}`)?.data as Int32Array),
      );
    await step.run({
      ...{ A: picture(`step${t}.A`), B: picture(`step${t}.B`), height, width, learningRate: lr },
      positions: { x: positions("X"), y: options.nce_idt ? positions("Y") : [] },
      flip: flips[t],
    });
    const losses = await step.losses();
    const theirs: [string, number][] = Object.entries(wanted[t]).flatMap(([name, value]): [string, number][] => {
      if (typeof value === "number") return name in losses ? [[name, value]] : [];
      const prefix = name.replace("_layers", "");
      return value.map((v, i) => [`${prefix}_${options.nce_layers[i]}`, v]);
    });
    cases.push({
      name: `losses of step ${t}`,
      error: relativeError(
        theirs.map(([name]) => losses[name]),
        theirs.map(([, value]) => value),
      ),
      bound: RUN_BOUND,
    });
    if (t === 0) {
      const error = relativeError(await step.fake.read(), values(golden, "step0.fake"));
      cases.push({ name: "first images", error, bound: RUN_BOUND }, await gradients("D", 0));
      first.push(await gradients("G", 0), await gradients("F", 0));
    }
  }
  const last = [await gradients("G", steps - 1), await gradients("F", steps - 1)];
  cases.push(...first.map((early, i) => (early.error <= last[i].error ? early : last[i])));
  const A = values(golden, `step${steps - 1}.A`);
  const B = options.nce_idt ? values(golden, `step${steps - 1}.B`) : new Float32Array();
  const both = new Float32Array([...A, ...B]);
  const images = gpu.noGrad(() =>
    gpu.scope(() => step.G.translate(gpu.tensor(both, [both.length / (3 * height * width), 3, height, width]))),
  );
  const error = relativeError(await images.read(), values(golden, "final.fake"));
  cases.push({ name: "final images", error, bound: RUN_BOUND });
  images.dispose();
  step.dispose();
  return cases;
}

/** How many other roundings of its pictures a run may be tried with. */
const ROUNDINGS = 12;

/** Every second value, at random, moved to the next float32: as far as rounding a float64 picture may have moved it. */
function rerounded(data: Float32Array, random: Random): Float32Array {
  const moved = Float32Array.from(data);
  const bits = new Int32Array(moved.buffer);
  for (let i = 0; i < bits.length; i++)
    if (moved[i] !== 0 && random.next() < 0.5) bits[i] += random.next() < 0.5 ? 1 : -1;
  return moved;
}

/**
 * The cases of a training run. It is played right first. Beyond its bounds, two things are tried, and the names of the cases
 * say so where one was needed:
 * - for batch 1, the defect of PyTorch's CPU that such files were made with (see pytorch-defect.ts);
 * - other roundings of the pictures. A ReLU has no derivative at 0, and some activations of these runs are 1e-6 from it, which
 *   is less than float32 can tell after a few layers: on the wrong side single gradients jump, and Adam's first steps, which
 *   follow signs, carry that on. So a run is held to its bounds for at least one float32 rounding of its float64 pictures.
 */
export async function trainingRun(gpu: Gpu, file: string): Promise<GoldenCase[]> {
  const label = (cases: GoldenCase[], ...notes: string[]) => {
    const note = notes.length ? ` (${notes.join("; ")})` : "";
    return cases.map((c) => ({ ...c, name: `${file}: ${c.name}${note}` }));
  };
  const within = (cases: GoldenCase[]) => cases.every(({ error, bound }) => error <= bound);
  const plain = await playRun(gpu, file, false);
  if (within(plain)) return label(plain);
  const emulated = metadataOf(readGolden(file))["batch"] === 1;
  const notes = emulated ? ["PyTorch's batch-1 defect emulated"] : [];
  const first = emulated ? await playRun(gpu, file, true) : plain;
  if (within(first)) return label(first, ...notes);
  for (let rounding = 1; rounding <= ROUNDINGS; rounding++) {
    const cases = await playRun(gpu, file, emulated, new Random(rounding));
    if (within(cases)) return label(cases, ...notes, `pictures rounded otherwise, try ${rounding}`);
  }
  return label(first, ...notes);
}

/**
 * The greatest relative error among a network's gradients. A bias right before a norm has a true gradient of zero, which no
 * ratio measures: gradients far smaller than that of their own weights are held against those.
 */
function worstGradient(
  name: string,
  keys: readonly string[],
  ours: readonly Float32Array[],
  theirs: readonly Float32Array[],
): GoldenCase {
  const norm = (data: Float32Array) => Math.sqrt(data.reduce((sum, v) => sum + v * v, 0));
  let worst = { key: "", error: -1 };
  keys.forEach((key, i) => {
    const weight = theirs[keys.indexOf(key.replace(/bias$/, "weight"))];
    const own = norm(theirs[i]);
    const zero = own < 1e-4 * norm(weight);
    const error = zero
      ? norm(ours[i].map((v, j) => v - theirs[i][j])) / norm(weight)
      : relativeError(ours[i], theirs[i]);
    if (!(error <= worst.error)) worst = { key, error };
  });
  return { name: `${name}, worst ${worst.key}`, error: worst.error, bound: RUN_BOUND };
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
  let G: Generator;
  if (weights) G = loadGenerator(gpu, readFileSync(join(goldensFolder, weights)), weights);
  else {
    const architecture: GeneratorArchitecture = {
      ...{ input_nc: 3, output_nc: 3, ngf, blocks, no_antialias: !antialias, no_antialias_up: !antialias },
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
