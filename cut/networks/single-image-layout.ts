// The layout of SinCUT's networks (docs/method.md, section 16): channels, parameters under the published keys and the
// fixed blur filters that published files carry. Pure data; single-image-blocks.ts has what the blocks compute.
import type { Shape } from "../../engine/core/tensor.js";
import type { Tap } from "./network.js";

export interface SingleImageArchitecture {
  input_nc: number;
  output_nc: number;
  /** Channels at the picture's full size, and at half of it. */
  channels: readonly [full: number, half: number];
}

/** The training options that say what the networks look like. */
export interface SingleImageOptions {
  input_nc: number;
  output_nc: number;
  ngf: number;
  ndf: number;
  crop_size: number;
}

/** Modules of the encoder: the picture itself, a convolution, a block that halves, and three more. */
export const ENCODER_MODULES = 6;

/** The channels of StyleGAN2's table for maps of a side, times `factor`; at most `max` below 64 pixels. */
const channelsAt = (side: number, factor: number, max: number) =>
  Math.max(1, Math.min((16384 / side) * factor, side < 64 ? max : Number.POSITIVE_INFINITY));

export function singleImageArchitecture({
  input_nc,
  output_nc,
  ngf,
  crop_size,
}: SingleImageOptions): SingleImageArchitecture {
  const channels = (side: number) => Math.round(channelsAt(side, ngf / 32, 512));
  return { input_nc, output_nc, channels: [channels(crop_size), channels(crop_size / 2)] };
}

/** Channels of the discriminator's maps, from the crop's side to one of 4 pixels. */
export function discriminatorChannels({ ndf, crop_size }: SingleImageOptions): number[] {
  const channels: number[] = [];
  for (let side = crop_size; side >= 4; side /= 2) channels.push(Math.floor(channelsAt(side, ndf / 64, 384)));
  return channels;
}

/** A parameter, or a fixed blur filter, whose values have the sum `filterSum`. */
type Entry = readonly [key: string, shape: Shape, filterSum?: number];

const convolution = (key: string, from: number, to: number, kernel: number): Entry[] => [
  [`${key}.0.weight`, [to, from, kernel, kernel]],
  [`${key}.1.bias`, [1, to, 1, 1]],
];

const block = (key: string, channels: number): Entry[] => [
  ...convolution(`${key}.conv1`, channels, channels, 3),
  ...convolution(`${key}.conv2`, channels, channels, 3),
];

const halvingBlock = (key: string, from: number, to: number): Entry[] => [
  ...convolution(`${key}.conv1`, from, from, 3),
  [`${key}.conv2.0.kernel`, [4, 4], 1],
  [`${key}.conv2.1.weight`, [to, from, 3, 3]],
  [`${key}.conv2.2.bias`, [1, to, 1, 1]],
  [`${key}.skip.0.kernel`, [4, 4], 1],
  [`${key}.skip.1.weight`, [to, from, 1, 1]],
];

/** The tensors of a generator's file, in order. */
export function singleImageEntries({ input_nc, output_nc, channels }: SingleImageArchitecture): Entry[] {
  const [full, half] = channels;
  return [
    ...convolution("encoder.convs.1", input_nc, full, 1),
    ...halvingBlock("encoder.convs.2", full, half),
    ...[3, 4, 5].flatMap((i) => block(`encoder.convs.${i}`, half)),
    ...[0, 1, 2].flatMap((i) => block(`decoder.convs.${i}`, half)),
    ["decoder.convs.3.conv.weight", [1, full, half, 3, 3]],
    ["decoder.convs.3.conv.blur.kernel", [4, 4], 4],
    ["decoder.convs.3.noise.weight", [1]],
    ["decoder.convs.3.activate.bias", [1, full, 1, 1]],
    ...convolution("decoder.convs.4", full, output_nc, 1),
  ];
}

const parametersAmong = (entries: readonly Entry[]) =>
  new Map(entries.filter(([, , filterSum]) => filterSum === undefined).map(([key, shape]) => [key, shape]));

/** Shapes of a generator's parameters by key, in order of definition. */
export const singleImageShapes = (architecture: SingleImageArchitecture): Map<string, Shape> =>
  parametersAmong(singleImageEntries(architecture));

/**
 * Shapes of a discriminator's parameters by key, in order of definition; `channels` as discriminatorChannels has them.
 */
export function singleImageDiscriminatorShapes(input_nc: number, channels: readonly number[]): Map<string, Shape> {
  const last = channels[channels.length - 1];
  return parametersAmong([
    ...convolution("convs.0", input_nc, channels[0], 1),
    ...channels.slice(1).flatMap((to, i) => halvingBlock(`convs.${i + 1}`, channels[i], to)),
    ...convolution("final_conv", last, last, 3),
    ["final_linear.0.weight", [last, 16 * last]],
    ["final_linear.0.bias", [last]],
    ["final_linear.1.weight", [1, last]],
    ["final_linear.1.bias", [1]],
  ]);
}

/** Channels and size of the output of a module of the encoder. */
export const encoderTap = ({ input_nc, channels: [full, half] }: SingleImageArchitecture, index: number): Tap =>
  index < 2 ? { channels: [input_nc, full][index], scale: 1, pad: 0 } : { channels: half, scale: 2, pad: 0 };

/** The architecture of a generator with these shapes, if it is one. */
export function singleImageArchitectureOf(shapeOf: (key: string) => Shape | undefined): SingleImageArchitecture | null {
  const first = shapeOf("encoder.convs.1.0.weight");
  const halved = shapeOf("encoder.convs.2.conv2.1.weight");
  const last = shapeOf("decoder.convs.4.0.weight");
  if (!first || !halved || !last) return null;
  return { input_nc: first[1], output_nc: last[0], channels: [first[0], halved[0]] };
}
