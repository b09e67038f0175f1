// The layout of the ResNet generator (docs/method.md section 2.2): its modules, numbered as in the published
// Sequential, so that state_dict keys and nce_layers have the same meaning as there. Everything that depends on the
// layout is derived from this list: the modules that run, parameters, blur filters, sizes of feature maps, and the
// checks of options. Pure data: at run time it imports nothing of the engine.
import type { Shape } from "../../engine/core/tensor.js";

export interface GeneratorArchitecture {
  input_nc: number;
  output_nc: number;
  ngf: number;
  /** Residual blocks: 9, 6 or 4. */
  blocks: number;
  no_antialias: boolean;
  no_antialias_up: boolean;
}

/** Residual blocks by the name that --netG takes. */
const residualBlocks = { resnet_9blocks: 9, resnet_6blocks: 6, resnet_4blocks: 4 } as const;

/** The training options that say what a generator looks like. */
export interface GeneratorOptions extends Omit<GeneratorArchitecture, "blocks"> {
  netG: keyof typeof residualBlocks;
}

export function generatorArchitecture(options: GeneratorOptions): GeneratorArchitecture {
  const { input_nc, output_nc, ngf, netG, no_antialias, no_antialias_up } = options;
  return { input_nc, output_nc, ngf, blocks: residualBlocks[netG], no_antialias, no_antialias_up };
}

/** What a module does. */
export type GeneratorModuleKind =
  | "pad"
  | "convolution"
  | "transposedConvolution"
  | "norm"
  | "relu"
  | "blurDown"
  | "block"
  | "blurUp"
  | "tanh";

export interface GeneratorModule {
  kind: GeneratorModuleKind;
  /** 0-based position in the Sequential: the number in state_dict keys and in nce_layers. */
  index: number;
  /** Channels of the module's output. */
  channels: number;
  /** Downsampling factor of the output, not counting padding. */
  scale: number;
  /** Reflection padding on each side of the output. */
  pad: number;
  /** Whether this padding layer is fused into the next convolution (materialized only if it is an nce layer). */
  folded: boolean;
  /** Shapes of the parameters by published key, in the order of PyTorch. */
  parameters: ReadonlyMap<string, Shape>;
  /** The fixed blur filter that published files carry: its key, and its taps along one axis. */
  filter?: { key: string; taps: readonly number[] };
  /** Stride and padding of a convolution. */
  stride: number;
  padding: number;
  paddingMode: "zeros" | "reflect";
  /** Whether a stage ends here: with --low_memory only these outputs are kept for the backward pass. */
  endsStage: boolean;
}

/** The indices of the two convolutions in a residual block's Sequential. */
export const blockConvolutions = [1, 5] as const;

/** The modules of a generator in order. */
export function generatorLayout(architecture: GeneratorArchitecture): readonly GeneratorModule[] {
  const { input_nc, output_nc, ngf, blocks, no_antialias, no_antialias_up } = architecture;
  const modules: GeneratorModule[] = [];
  /** Adds a module. Channels and scale default to those of the previous module. */
  const add = (kind: GeneratorModuleKind, fields: Partial<GeneratorModule> = {}) => {
    const { channels, scale } = modules.at(-1) ?? { channels: input_nc, scale: 1 };
    const none = { pad: 0, folded: false, parameters: new Map(), stride: 1, padding: 0, endsStage: false };
    modules.push({ ...none, paddingMode: "zeros", channels, scale, ...fields, kind, index: modules.length });
  };
  const key = (name: string) => `model.${modules.length}.${name}`;
  const parameters = (weight: Shape, bias: number, place = "") =>
    [[key(`${place}weight`), weight] as const, [key(`${place}bias`), [bias]] as const] as const;
  const convolution = (channels: number, kernel: number, fields: Partial<GeneratorModule> = {}) => {
    const from = modules[modules.length - 1].channels;
    add("convolution", {
      channels,
      parameters: new Map(parameters([channels, from, kernel, kernel], channels)),
      ...fields,
    });
  };
  const normRelu = () => {
    add("norm");
    add("relu");
  };
  const endStage = () => {
    modules[modules.length - 1].endsStage = true;
  };

  add("pad", { pad: 3 });
  convolution(ngf, 7);
  normRelu();
  for (const [channels, scale] of [
    [2 * ngf, 2],
    [4 * ngf, 4],
  ]) {
    convolution(channels, 3, no_antialias ? { stride: 2, padding: 1, scale } : { padding: 1 });
    normRelu();
    if (!no_antialias) add("blurDown", { scale, filter: { key: key("filt"), taps: [1, 2, 1] } });
    endStage();
  }
  const width = 4 * ngf;
  for (let i = 0; i < blocks; i++) {
    const convolutions = blockConvolutions.flatMap((n) => parameters([width, width, 3, 3], width, `conv_block.${n}.`));
    add("block", { parameters: new Map(convolutions) });
    endStage();
  }
  for (const [channels, scale] of [
    [2 * ngf, 2],
    [ngf, 1],
  ]) {
    if (no_antialias_up) {
      const shapes = new Map(parameters([2 * channels, channels, 3, 3], channels));
      add("transposedConvolution", { channels, scale, parameters: shapes, stride: 2, padding: 1 });
    } else {
      add("blurUp", { scale, filter: { key: key("filt"), taps: [1, 3, 3, 1] } });
      convolution(channels, 3, { padding: 1 });
    }
    normRelu();
    // At full size a stored tensor would be large, and recomputing it from this one is fast.
    if (scale > 1) endStage();
  }
  // With its padding, the last map would be the largest tensor.
  add("pad", { pad: 3, folded: true });
  convolution(output_nc, 7, { padding: 3, paddingMode: "reflect" });
  add("tanh");
  endStage();
  return modules;
}

/** Shapes of a generator's parameters by key, in order of definition. */
export function generatorShapes(architecture: GeneratorArchitecture): Map<string, Shape> {
  return new Map(generatorLayout(architecture).flatMap(({ parameters }) => [...parameters]));
}

/** Channels of the feature maps at `taps`. */
export const tappedChannels = (architecture: GeneratorArchitecture, taps: readonly number[]): number[] =>
  featureShapes(architecture, taps, 4, 4).map(([channels]) => channels);

/** Channels, height and width of the feature maps at `taps` for images of a size. */
export function featureShapes(
  architecture: GeneratorArchitecture,
  taps: readonly number[],
  height: number,
  width: number,
): [channels: number, height: number, width: number][] {
  const modules = generatorLayout(architecture);
  return taps.map((tap) => {
    const { channels, scale, pad } = modules[tap];
    return [channels, height / scale + 2 * pad, width / scale + 2 * pad];
  });
}
