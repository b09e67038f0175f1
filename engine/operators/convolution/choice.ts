// Which kernels compute a convolution: Winograd's where they apply and are faster, else the direct ones of the
// adapter's profile, on GPUs those for few output channels where they apply. The thresholds were measured on lavapipe.
import type { AdapterTraits } from "../../device/adapter.js";
import { isLoaded } from "../../device/software-kernels.js";
import type { Shape } from "../../lib/shapes.js";
import { type DirectVariant, directVariantFor } from "../lib/variants.js";
import type { ConvolutionCall } from "./call.js";
import { skinnyServes } from "./skinny.js";
import { winogradServes } from "./winograd.js";

export type ConvolutionVariant = DirectVariant | "winograd" | "skinny";

/**
 * Where Winograd's kernels are faster than the direct ones on lavapipe: each transformed input tile must serve many
 * channels, each transformed kernel many pixels, and there must be enough to do for four dispatches.
 */
const WINOGRAD_CHANNELS = 32;
const WINOGRAD_PIXELS = 192;
const WINOGRAD_PRODUCTS = 1.6e6;

/** Pure: whether the kernels of a variant can compute a call on an adapter. */
const applies = (variant: ConvolutionVariant, call: ConvolutionCall, { profile }: AdapterTraits): boolean =>
  variant === "winograd" ? winogradServes(profile, call) : variant !== "skinny" || skinnyServes(call);

/** Pure: the variant for a call. */
function choose(call: ConvolutionCall, adapter: AdapterTraits): ConvolutionVariant {
  const direct = directVariantFor(adapter);
  const loads = adapter.recorder || isLoaded("skinny");
  if (direct === "tiled" && loads && applies("skinny", call, adapter)) return "skinny";
  const [batch, outChannels, height, width] = call.y;
  const inChannels = call.x[1];
  const pixels = batch * height * width;
  const pays =
    Math.min(inChannels, outChannels) >= WINOGRAD_CHANNELS &&
    pixels >= WINOGRAD_PIXELS &&
    inChannels * outChannels * pixels >= WINOGRAD_PRODUCTS;
  return direct === "broadcast" && pays && applies("winograd", call, adapter) ? "winograd" : direct;
}

type Shapes = readonly (Shape | undefined)[];

/** `choose` and `applies` of an operator's record, whose calls are told by `callOf`. */
export const choiceOf = <O>(callOf: (shapes: Shapes, options: O) => ConvolutionCall) => ({
  choose: (shapes: Shapes, options: O, adapter: AdapterTraits) => choose(callOf(shapes, options), adapter),
  applies: (variant: ConvolutionVariant, shapes: Shapes, options: O, adapter: AdapterTraits) =>
    applies(variant, callOf(shapes, options), adapter),
});
