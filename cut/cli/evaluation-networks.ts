// The networks of `cutgpu evaluate`: from files of the user, checked by their hashes, or from the package nsfwjs where
// it is installed. All is read and checked before a GPU is opened.
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Gpu } from "../../engine/core/gpu.js";
import { parsePth } from "../../engine/formats/pth.js";
import { toFloat32 } from "../../engine/formats/state-dict.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import {
  type FeatureNetwork,
  fidInception,
  kerasInception,
  mobilenetTrunk,
} from "../evaluation/networks/extractors.js";
import { type ShapedWeights, tensorOf } from "../evaluation/networks/folding.js";
import { INCEPTION_SIDE } from "../evaluation/networks/inception.js";
import type { InputProtocol } from "../evaluation/networks/input.js";
import { MOBILENET_SIDE } from "../evaluation/networks/mobilenet.js";
import { type NsfwjsModel, nsfwjsWeights, shortHash } from "../evaluation/networks/nsfwjs.js";
import { LPIPS_KEYS, LPIPS_SIDE, Lpips } from "../evaluation/networks/squeezenet.js";
import type { PairMetric } from "../evaluation/pairs.js";
import type { FeatureExtractor } from "../evaluation/picture-features.js";
import { isFolder } from "../files/output.js";
import { readWhole } from "../files/read-whole.js";
import { OptionError } from "../options/schema.js";

/** The file whose features define FID, with its hash in its name as torch hub has it. */
const FID_FILE = "pt_inception-2015-12-05-6726825d.pth";
const FID_HASH = "6726825d";

export type FidProtocol = Exclude<InputProtocol, "unit">;

const RESIZES: Record<InputProtocol, string> = {
  "pytorch-fid": "bilinear without antialiasing",
  clean: "bicubic with antialiasing in floats",
  tf: "bilinear from the upper left",
  unit: "bicubic with antialiasing in floats",
};

/** Puts a network onto a GPU. */
export type OnGpu<T> = (gpu: Gpu) => Promise<T>;

/** The network that --features names; null for none. Throws where it is missing or not what its name says. */
export async function featuresOf(
  name: string,
  protocol: FidProtocol,
  load: (path: string) => Promise<object> = (path) => import(path),
): Promise<OnGpu<FeatureExtractor> | null> {
  if (name === "none") return null;
  if (name === "mobilenet") {
    const { weights, hash } = await fromPackage("mobilenet_v2", load);
    const what = `MobileNetV2 to block_10_project_BN of nsfwjs, SHA-256 ${hash}, 96 features`;
    return extractor("mnv2-96", what, "unit", MOBILENET_SIDE, (gpu) => mobilenetTrunk(gpu, weights));
  }
  if (name === "inception") {
    const { weights, hash } = await fromPackage("inception_v3", load);
    const what = `Keras's Inception V3 to mixed5 of nsfwjs, SHA-256 ${hash}, 768 features`;
    return extractor("inception-768", what, "unit", INCEPTION_SIDE, (gpu) => kerasInception(gpu, weights));
  }
  const { weights, hash } = await fromFile(name, `give none, mobilenet, inception or the path of ${FID_FILE}.`);
  if (hash !== FID_HASH) {
    throw new CutgpuError(
      "FEATURES",
      `${name} is not the file that FID is defined by, whose SHA-256 begins with ${FID_HASH}: its own with ${hash};`,
      `give ${FID_FILE}, from torch hub's folder of checkpoints or pytorch-fid's releases.`,
    );
  }
  const what = `${FID_FILE}, SHA-256 ${hash}, 2048 features, protocol ${protocol}`;
  return extractor("", what, protocol, INCEPTION_SIDE, (gpu) => fidInception(gpu, weights));
}

function extractor(
  network: string,
  what: string,
  protocol: InputProtocol,
  side: number,
  make: OnGpu<FeatureNetwork>,
): OnGpu<FeatureExtractor> {
  return async (gpu) => {
    const made = await make(gpu);
    const extract = async (picture: Parameters<FeatureExtractor["extract"]>[0]) => {
      const [features] = (await made.features(picture, protocol)).values();
      return features;
    };
    return {
      network,
      protocol: `${what}; ${RESIZES[protocol]} to ${side} x ${side}`,
      extract,
      dispose: () => made.dispose(),
    };
  };
}

/** A model of the package nsfwjs. Its files are modules that hold numbers as text. */
async function fromPackage(model: string, load: (path: string) => Promise<object>) {
  let module: object;
  try {
    module = await load(`nsfwjs/models/${model}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new CutgpuError(
      "PACKAGE",
      "these features come with the package nsfwjs, which is not installed;",
      "install it: npm install nsfwjs@4.4.0.",
    );
  }
  const [definition] = Object.values(module) as NsfwjsModel[];
  return nsfwjsWeights(definition);
}

async function fromFile(path: string, otherwise: string): Promise<{ weights: ShapedWeights; hash: string }> {
  if (!existsSync(path) || isFolder(path)) {
    throw new OptionError(`there is no file ${path};`, otherwise);
  }
  const bytes = readWhole(path);
  const { tensors } = parsePth(bytes, path);
  const weights = [...tensors].map(([key, tensor]) => [key, { shape: tensor.shape, data: toFloat32(tensor) }] as const);
  return { weights: new Map(weights), hash: await shortHash(bytes) };
}

/** LPIPS of the two files in `folder`, torchvision's trunk and the weights of the package lpips. */
export async function lpipsOf(folder: string): Promise<OnGpu<PairMetric>> {
  const names = isFolder(folder) ? readdirSync(folder) : [];
  const trunkName = names.find((name) => /^squeezenet1_1.*\.pth$/.test(name));
  if (!trunkName || !names.includes("squeeze.pth")) {
    throw new OptionError(
      `${folder} does not hold the two files of LPIPS;`,
      "put squeezenet1_1-b8a52dc0.pth of torchvision and squeeze.pth of the package lpips into it.",
    );
  }
  const trunk = await fromFile(join(folder, trunkName), "");
  const named = trunkName.match(/-([0-9a-f]{8})\.pth$/)?.[1];
  if (named && named !== trunk.hash) {
    throw new CutgpuError(
      "FEATURES",
      `${join(folder, trunkName)} is damaged or another file: its SHA-256 begins with ${trunk.hash};`,
      "download it again.",
    );
  }
  const taps = await fromFile(join(folder, "squeeze.pth"), "");
  for (const key of LPIPS_KEYS.trunk) tensorOf(trunk.weights, key);
  for (const key of LPIPS_KEYS.taps) tensorOf(taps.weights, key);
  return async (gpu) => {
    const lpips = new Lpips(gpu, trunk.weights, taps.weights);
    return {
      name: "LPIPS",
      better: "lower",
      protocol: `SqueezeNet 1.1, ${basename(trunkName)} (${trunk.hash}) and squeeze.pth (${taps.hash})`,
      side: LPIPS_SIDE,
      of: async (a, b) => (await lpips.distance(a, b)).value,
    };
  };
}
