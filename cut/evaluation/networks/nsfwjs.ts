// Weights from the npm package nsfwjs (MIT), whose models are fine-tuned from Keras's MobileNetV2 and Inception V3:
// their first halves are unchanged. Its modules export a TF.js layers model as JSON, and base64 texts of the weights,
// every number a byte q for q scale + min. Pure.
import { CutgpuError } from "../../../engine/lib/errors.js";
import type { ShapedWeights } from "./folding.js";

/** The exports of `nsfwjs/models/mobilenet_v2` and `nsfwjs/models/inception_v3`. */
export interface NsfwjsModel {
  modelJson(): Promise<{ default: unknown }>;
  weightBundles: readonly (() => Promise<{ default: unknown }>)[];
}

interface Entry {
  name: string;
  shape: number[];
  quantization: { dtype: string; min: number; scale: number };
}

/** The weights by Keras's names, and the first eight digits of the SHA-256 of all their bytes. */
export async function nsfwjsWeights(model: NsfwjsModel): Promise<{ weights: ShapedWeights; hash: string }> {
  const json = (await model.modelJson()).default as { weightsManifest?: { weights: Entry[] }[] };
  const texts = await Promise.all(model.weightBundles.map(async (load) => (await load()).default as string));
  // Each text ends with padding of its own.
  const bytes = new Uint8Array(await new Blob(texts.map(bytesOf)).arrayBuffer());
  const entries = (json.weightsManifest ?? []).flatMap(({ weights }) => weights);
  const weights = new Map<string, { shape: number[]; data: Float32Array }>();
  let at = 0;
  for (const { name, shape, quantization } of entries) {
    const size = shape.reduce((product, side) => product * side, 1);
    if (quantization?.dtype !== "uint8") throw unreadable(`${name} is not stored as bytes`);
    const { min, scale } = quantization;
    const data = new Float32Array(size);
    for (let i = 0; i < size; i++) data[i] = bytes[at + i] * scale + min;
    weights.set(name, { shape, data });
    at += size;
  }
  if (entries.length === 0 || at !== bytes.length) throw unreadable(`${bytes.length} bytes for ${at} weights`);
  return { weights, hash: await shortHash(bytes) };
}

/** The bytes of a base64 text. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

const unreadable = (why: string) =>
  new CutgpuError("FEATURES", `the package nsfwjs has another form than expected: ${why};`, "install nsfwjs@4.4.0.");

/** The first eight hex digits of the SHA-256, as in torch hub's file names. */
export async function shortHash(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  return Array.from(digest.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
