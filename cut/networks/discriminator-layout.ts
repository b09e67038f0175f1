// The layouts of the PatchGAN discriminators (docs/method.md section 2.3): `basic` (three levels), `n_layers` and
// `pixel`, as lists of modules numbered as in the published Sequentials. Modules, parameters and the size of the map of
// scores follow from them. Pure data: at run time it imports nothing of the engine.
import type { Shape } from "../../engine/core/tensor.js";

export interface DiscriminatorArchitecture {
  /** Channels of its input pictures. */
  input_nc: number;
  ndf: number;
  netD: "basic" | "n_layers" | "pixel";
  n_layers_D: number;
  /** "none": no norm; as in the published code, convolutions that a norm would follow have no bias either. */
  normD: "instance" | "none";
  no_antialias: boolean;
}

export interface DiscriminatorModule {
  /** "identity": an absent norm, or an activation that is fused into the norm before it. */
  kind: "convolution" | "activation" | "norm" | "identity" | "blurDown";
  /** 0-based position in the Sequential: the number in state_dict keys. */
  index: number;
  /** Of convolutions and blurs: square kernels, with padding 1 unless they are 1 x 1. */
  kernel: number;
  stride: number;
  padding: number;
  /** Published keys of a convolution's weight and bias, and their shapes. */
  weight: string;
  bias: string;
  parameters: ReadonlyMap<string, Shape>;
  /** Whether a stage ends here: with --low_memory only these outputs are kept for the backward pass. */
  endsStage: boolean;
}

/** The modules of a discriminator in order. */
export function discriminatorLayout(architecture: DiscriminatorArchitecture): readonly DiscriminatorModule[] {
  const { input_nc, ndf, netD, n_layers_D, normD, no_antialias } = architecture;
  const modules: DiscriminatorModule[] = [];
  const add = (kind: DiscriminatorModule["kind"], kernel = 1, stride = 1, shape?: Shape, biased = true) => {
    const index = modules.length;
    const [weight, bias] = ["weight", "bias"].map((name) => `${netD === "pixel" ? "net" : "model"}.${index}.${name}`);
    const parameters = new Map<string, Shape>();
    if (shape) parameters.set(weight, shape);
    if (shape && biased) parameters.set(bias, [shape[0]]);
    const padding = kernel === 1 ? 0 : 1;
    modules.push({ kind, index, kernel, stride, padding, weight, bias, parameters, endsStage: false });
  };
  const convolution = (from: number, to: number, kernel: number, stride: number, biased = true) =>
    add("convolution", kernel, stride, [to, from, kernel, kernel], biased);
  const normed = normD === "instance";
  const normActivation = () => {
    add(normed ? "norm" : "identity");
    add(normed ? "identity" : "activation");
  };
  if (netD === "pixel") {
    convolution(input_nc, ndf, 1, 1);
    add("activation");
    convolution(ndf, 2 * ndf, 1, 1, normed);
    normActivation();
    convolution(2 * ndf, 1, 1, 1, normed);
    return modules;
  }
  const endStage = () => {
    modules[modules.length - 1].endsStage = true;
  };
  const levels = { basic: 3, n_layers: n_layers_D }[netD];
  const stride = no_antialias ? 2 : 1;
  const width = (level: number) => ndf * Math.min(2 ** level, 8);
  for (let level = 0; level < levels; level++) {
    convolution(level === 0 ? input_nc : width(level - 1), width(level), 4, stride, level === 0 || normed);
    if (level === 0) add("activation");
    else normActivation();
    if (!no_antialias) add("blurDown", 3, 2);
    endStage();
  }
  convolution(width(levels - 1), width(levels), 4, 1, normed);
  normActivation();
  endStage();
  convolution(width(levels), 1, 4, 1);
  endStage();
  return modules;
}

/** Shapes of a discriminator's parameters by key, in order of definition. */
export function discriminatorShapes(architecture: DiscriminatorArchitecture): Map<string, Shape> {
  return new Map(discriminatorLayout(architecture).flatMap(({ parameters }) => [...parameters]));
}

/**
 * Side of the discriminator's map of scores for a square picture of `size` pixels; 0 or less where the picture is too
 * small for its depth.
 */
export function discriminatorOutputSize(
  options: Pick<DiscriminatorArchitecture, "netD" | "n_layers_D" | "no_antialias">,
  size: number,
): number {
  return discriminatorLayout({ ...options, input_nc: 1, ndf: 1, normD: "none" }).reduce(
    (side, { kernel, stride, padding }) => Math.floor((side + 2 * padding - kernel) / stride) + 1,
    size,
  );
}
