// Loaded before the command: an installed package nsfwjs, whose MobileNetV2 has weights by a formula.
import { register } from "node:module";
import type { NsfwjsModel } from "../../cut/evaluation/networks/nsfwjs.js";
import { networksOf, weightsOf } from "./formula-weights.js";
import { evaluationCases } from "./goldens.js";

const found = JSON.stringify({ url: import.meta.url, shortCircuit: true });
const hook = `export const resolve = (name, context, next) =>
  name === "nsfwjs/models/mobilenet_v2" ? ${found} : next(name, context)`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const golden = evaluationCases().find(({ parameters }) => parameters["network"] === "mobilenetTrunk");
/** Every number a byte between the least and the largest of its tensor. */
const stored = [...weightsOf(networksOf(golden!)["mobilenetTrunk"])].map(([name, { shape, data }]) => {
  const values = Float32Array.from(data);
  const [min, max] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const scale = (max - min) / 255;
  const quantization = { dtype: "uint8", min, scale };
  return { entry: { name, shape, quantization }, bytes: values.map((value) => Math.round((value - min) / scale)) };
});

export const MobileNetV2: NsfwjsModel = {
  modelJson: async () => ({ default: { weightsManifest: [{ weights: stored.map(({ entry }) => entry) }] } }),
  weightBundles: stored.map(({ bytes }) => async () => ({ default: Buffer.from(bytes).toString("base64") })),
};
