// Recognizes networks that are not cutgpu's generators by the keys of their state_dict, so that an error can say what a
// file holds and which command takes it: the other networks of the reference and its relatives, StyleGAN2's, and those
// of metrics.
import type { StoredTensor } from "../../engine/formats/state-dict.js";

export interface KnownNetwork {
  /** A phrase that follows "holds". */
  what: string;
  /** A sentence. */
  advice: string;
}

type Shapes = ReadonlyMap<string, Pick<StoredTensor, "shape">>;

const RESNET =
  "cutgpu translates with ResNet generators (netG resnet_9blocks, 6blocks or 4blocks) and SinCUT's: give one.";
const PRETRAINED = "give its generator; train --pretrained_name takes all of a folder's latest_net_*.pth.";

/** By a key that only this network has, the most likely first. */
const byKey: readonly [key: RegExp, what: string, advice: string][] = [
  [/(^|\.)Mixed_5b\./, "FID's Inception network", "Give it to cutgpu evaluate --features."],
  [/(^|\.)lin0\.model\.1\.weight$/, "the weights of LPIPS", "Give their folder to cutgpu evaluate --lpips."],
  [/(^|\.)prj_\d+\.0\.weight$/, "EnCo's heads, F", `Leave it beside the others and ${PRETRAINED}`],
  [/(^|\.)mlp_\d+\.0\.weight$/, "the heads of patch features, F", `Leave it beside the others and ${PRETRAINED}`],
  [/(^|\.)(modulation\.weight|mapping\.fc0\.weight)$/, "a StyleGAN2 generator, which makes pictures of noise", RESNET],
  [/(^|\.)final_conv\.\d\.weight$/, "SinCUT's discriminator, D", `Leave it beside the others and ${PRETRAINED}`],
  [/(^|\.)model\.model\.\d+\.model\./, "a U-Net generator (netG unet_256 or unet_128)", RESNET],
];

/** The network of a file without residual blocks; null where it is not known. */
export function recognizeNetwork(tensors: Shapes): KnownNetwork | null {
  const keys = [...tensors.keys()];
  const found = byKey.find(([key]) => keys.some((each) => key.test(each)));
  if (found) return { what: found[1], advice: found[2] };
  const first = keys.find((key) => /(^|\.)(model|net)\.0\.weight$/.test(key));
  if (!first || tensors.get(first)?.shape.length !== 4) return null;
  return { what: "a discriminator, D", advice: `Leave it beside the others and ${PRETRAINED}` };
}
