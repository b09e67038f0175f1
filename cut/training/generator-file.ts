// Generators from any file that holds one: checkpoints of a training, plain safetensors, and .pth files of PyTorch. The
// architecture is read from the keys. And the state_dict that PyTorch takes back (docs/method.md sections 2.2 and 10).
import type { Gpu } from "../../engine/core/gpu.js";
import type { Shape } from "../../engine/core/tensor.js";
import { parsePth } from "../../engine/formats/pth.js";
import { parseSafetensors } from "../../engine/formats/safetensors.js";
import { type StateDict, type StoredTensor, toFloat32 } from "../../engine/formats/state-dict.js";
import { CheckpointError } from "../../engine/lib/errors.js";
import {
  type AnyArchitecture,
  type AnyGenerator,
  anyGeneratorShapes,
  isSingleImage,
  makeGenerator,
} from "../networks/any-generator.js";
import { type GeneratorArchitecture, generatorLayout } from "../networks/generator-layout.js";
import { type Weights, writeParameters } from "../networks/network.js";
import { BLUR } from "../networks/single-image-blocks.js";
import { singleImageArchitectureOf, singleImageEntries } from "../networks/single-image-layout.js";
import { allFinite, FORMAT } from "./checkpoint.js";
import { recognizeNetwork } from "./recognize-network.js";

/** Parses .safetensors or .pth bytes, whatever the file is called. */
export function parseWeights(bytes: Uint8Array, where: string): StateDict {
  // A safetensors file begins with the length of its header, whose first byte may be anything, and then the header's
  // brace.
  const safetensors = bytes[8] === 0x7b;
  const zip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const pickle = bytes[0] === 0x80;
  return !safetensors && (zip || pickle) ? parsePth(bytes, where) : parseSafetensors(bytes, where);
}

/** A generator's weights by published key, and its architecture as inferred from the keys. */
interface ParsedGenerator {
  architecture: AnyArchitecture;
  weights: Map<string, Float32Array<ArrayBuffer>>;
}

/** Which of the generators G_A and G_B, for methods that translate in both directions. */
export type Direction = "AtoB" | "BtoA";

/**
 * The generator of any file that holds one, possibly among other tensors; of G_A and G_B that of the direction. Throws
 * a CheckpointError where there is none or more than one, where it is not for gray or RGB pictures, and where a weight
 * is not finite.
 */
export function parseGenerator(bytes: Uint8Array, where: string, direction: Direction = "AtoB"): ParsedGenerator {
  const { tensors, metadata } = parseWeights(bytes, where);
  const groups = networksOf(tensors);
  // A training checkpoint also holds Adam's moments, keyed like the generator, and perhaps averaged weights.
  const drop = (unwanted: RegExp) => {
    for (const prefix of groups.keys()) if (unwanted.test(prefix)) groups.delete(prefix);
  };
  const averaged = [...groups.keys()].some((prefix) => prefix.startsWith("ema."));
  if (metadata["format"] === FORMAT) drop(averaged ? /^(?!ema\.G(_[AB])?\.$)/ : /^(?!G(_[AB])?\.$)/);
  const ways = [...groups.keys()].flatMap((prefix) => prefix.match(/G_[AB](?=\.)/)?.[0] ?? []);
  if (new Set(ways).size === 2) drop(direction === "AtoB" ? /G_B\./ : /G_A\./);
  // For a file with a single generator, the file's name says which one it is.
  else if (direction === "BtoA" && !/G_B[^/\\]*$/.test(where)) {
    throw new CheckpointError(
      `${where} holds no two generators, G_A and G_B, of which --direction BtoA takes the second`,
      "Leave out --direction: what the file holds is then taken.",
    );
  }
  const found: [prefix: string, generator: ParsedGenerator][] = [];
  const refusals: { blocks: boolean; error: unknown }[] = [];
  for (const [prefix, named] of groups) {
    const blocks = [...named.keys()].some((key) => key.includes(".conv_block."));
    try {
      found.push([prefix, generatorOf(named, where)]);
    } catch (error) {
      refusals.push({ blocks, error });
    }
  }
  if (found.length === 1) return found[0][1];
  if (found.length > 1) {
    const names = found.map(([prefix]) => prefix.replace(/\.$/, "") || "one without a name");
    throw new CheckpointError(
      `${where} holds several generators: ${names.join(", ")}`,
      "Save the one that you want in a file of its own, with torch.save of its dictionary alone.",
    );
  }
  // The error describes the network that is most like a generator.
  const likest = refusals.find(({ blocks }) => blocks);
  if (likest) throw likest.error;
  const known = recognizeNetwork(tensors);
  if (known) throw new CheckpointError(`${where} holds ${known.what}, and no generator of CUT or SinCUT`, known.advice);
  if (refusals.length > 0) throw refusals[0].error;
  const [first] = tensors.keys();
  throw notAGenerator(where, first === undefined ? "it is empty" : `it has ${first}`);
}

/**
 * The networks of a file, each a Sequential called `model` as the reference's are, or SinCUT's encoder and decoder, by
 * what stands before that in their keys: the names of dictionaries and members ("netG."), and what wrappers add
 * ("module.", "_orig_mod.").
 */
function networksOf(tensors: ReadonlyMap<string, StoredTensor>): Map<string, Map<string, StoredTensor>> {
  const networks = new Map<string, Map<string, StoredTensor>>();
  for (const [key, tensor] of tensors) {
    const [, prefix, name] = key.match(/^(.*?)((?:model|(?:en|de)coder\.convs)\.\d+\..+)$/) ?? [];
    // Old files carry statistics that instance norm never uses, and the filters are fixed.
    if (name === undefined || /\.(running_mean|running_var|num_batches_tracked|filt|kernel)$/.test(name)) continue;
    const network = networks.get(prefix) ?? new Map<string, StoredTensor>();
    networks.set(prefix, network);
    network.set(withoutDropout(name), tensor);
  }
  return networks;
}

/** A key of a generator with dropout, which moves the second convolution of a block by one, as that of one without. */
export const withoutDropout = (key: string): string => key.replace("conv_block.6.", "conv_block.5.");

/** The generator with exactly these tensors. */
function generatorOf(named: Map<string, StoredTensor>, where: string): ParsedGenerator {
  const architecture = singleImageArchitectureOf((key) => named.get(key)?.shape) ?? inferArchitecture(named, where);
  for (const channels of [architecture.input_nc, architecture.output_nc]) {
    if (channels === 1 || channels === 3) continue;
    throw new CheckpointError(
      `${where} works on pictures of ${channels} channels`,
      "Give a model for gray (1) or RGB (3) pictures.",
    );
  }
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [key, shape] of anyGeneratorShapes(architecture)) {
    const stored = named.get(key);
    if (!stored || stored.shape.join() !== shape.join()) {
      throw notAGenerator(where, `${key} ${stored ? `is [${stored.shape}] instead of [${shape}]` : "is missing"}`);
    }
    const data = toFloat32(stored);
    if (!allFinite(data)) {
      throw new CheckpointError(
        `${where} holds a weight that is infinite or NaN, in ${key}`,
        "Its training diverged, or the file is damaged: give an earlier checkpoint, or copy it again.",
      );
    }
    weights.set(key, data);
    named.delete(key);
  }
  const [extra] = named.keys();
  if (extra) {
    const norm = named.get(extra)?.shape.length === 1 ? ", which is a batch norm's (normG batch)" : "";
    throw notAGenerator(where, `${extra} has no place in it${norm}`);
  }
  return { architecture, weights };
}

function notAGenerator(where: string, why: string): CheckpointError {
  return new CheckpointError(
    `${where} holds no ResNet generator of CUT: ${why}`,
    "Give a generator file (netG resnet_9blocks, 6blocks or 4blocks with instance norm), such as latest_net_G.pth.",
  );
}

function inferArchitecture(named: ReadonlyMap<string, StoredTensor>, where: string): GeneratorArchitecture {
  const first = named.get("model.1.weight");
  const blocks = new Set<number>();
  let last = -1;
  for (const key of named.keys()) {
    const index = Number(key.match(/^model\.(\d+)\./)?.[1] ?? Number.NaN);
    if (Number.isNaN(index)) throw notAGenerator(where, `it has ${key}`);
    if (key.includes(".conv_block.")) blocks.add(index);
    last = Math.max(last, index);
  }
  const final = named.get(`model.${last}.weight`);
  if (first?.shape.length !== 4 || !final || blocks.size === 0) {
    throw notAGenerator(where, named.size ? "its first convolution or its residual blocks are missing" : "it is empty");
  }
  const afterBlocks = Math.max(...blocks) + 1;
  const architecture: GeneratorArchitecture = {
    input_nc: first.shape[1],
    output_nc: final.shape[0],
    ngf: first.shape[0],
    blocks: blocks.size,
    no_antialias: true,
    // A transposed convolution has weights right after the blocks; an anti-aliased level begins with a fixed filter.
    no_antialias_up: named.has(`model.${afterBlocks}.weight`),
  };
  // Without anti-aliasing there are fewer modules before the blocks.
  const firstBlock = generatorLayout(architecture).findIndex(({ kind }) => kind === "block");
  return { ...architecture, no_antialias: Math.min(...blocks) === firstBlock };
}

/** A generator on the GPU from any file that holds one. */
export function loadGenerator(gpu: Gpu, bytes: Uint8Array, where: string, direction?: Direction): AnyGenerator {
  const { architecture, weights } = parseGenerator(bytes, where, direction);
  const generator = makeGenerator(gpu, architecture);
  writeParameters(generator.parameters, weights);
  return generator;
}

/**
 * A generator's state_dict exactly as the reference saves it: parameters and the fixed filters, in the order of
 * modules, so that PyTorch's load_state_dict takes it.
 */
export function generatorStateDict(architecture: AnyArchitecture, weights: Weights): StateDict {
  const entries: [string, StoredTensor][] = [];
  const stored = (shape: Shape, data: Float32Array<ArrayBuffer>): StoredTensor => ({
    dtype: "F32",
    shape: [...shape],
    data,
  });
  if (isSingleImage(architecture)) {
    for (const [key, shape, filterSum = 0] of singleImageEntries(architecture)) {
      entries.push([key, stored(shape, weights.get(key) ?? Float32Array.from(BLUR, (v) => filterSum * v))]);
    }
    return { tensors: new Map(entries), metadata: {} };
  }
  for (const { kind, channels, parameters, filter } of generatorLayout(architecture)) {
    for (const [key, shape] of parameters) {
      entries.push([key, stored(shape, weights.get(key) as Float32Array<ArrayBuffer>)]);
    }
    if (!filter) continue;
    const { key, taps } = filter;
    const total = taps.reduce((sum, tap) => sum + tap, 0) ** 2;
    // The upsampling filter makes four pixels of one.
    const gain = kind === "blurUp" ? 4 : 1;
    const one = taps.flatMap((a) => taps.map((b) => (gain * a * b) / total));
    const data = Float32Array.from({ length: channels * one.length }, (_, i) => one[i % one.length]);
    entries.push([key, stored([channels, 1, taps.length, taps.length], data)]);
  }
  return { tensors: new Map(entries), metadata: {} };
}
