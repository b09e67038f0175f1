// What whoever answers the golden operator cases must know of them: their parameters, and which tensors are answers.
import type { GanMode } from "./gan-loss.js";

/** Every parameter a case may have; a case has those of its operator. */
export interface OperatorParameters {
  stride: number;
  padding: number;
  outputPadding: number;
  eps: number;
  slope: number;
  approximate: "none" | "tanh";
  exponent: number;
  min: number;
  max: number;
  mode: GanMode;
  targetIsReal: boolean;
  batch: number;
  tau: number;
  kernel: number;
  countIncludePad: boolean;
  axis: number;
  axes: number[];
  start: number;
  end: number;
  groups: number;
  training: boolean;
  momentum: number;
  allNegatives?: boolean;
  lr: number;
  beta1: number;
  beta2: number;
  steps: number;
  weightDecay: number;
  dampening: number;
  nesterov: boolean;
  /** Of patch losses. */
  gamma: number;
  cost: "hard" | "easy";
  negTermWeight: number;
  rounds: number;
  planDetached: boolean;
  internal: boolean;
  /** Of the blocks of SinCUT's networks. */
  activate: boolean;
  before: number;
  after: number;
  gain: number;
  down: boolean;
  /** Of a second derivative: the operator with its parameters, and the input of the first derivative. */
  of: OperatorParameters & { op: string };
  wrt: string;
  /** Of a penalty on a critic's gradient. */
  layers: readonly CriticLayer[];
  /** Of SinCUT's discriminator: channels of its maps, and the published key of each tensor. */
  channels?: readonly number[];
  keys?: Readonly<Record<string, string>>;
  reduce: "sum" | "mean";
  weight: number;
  target: number;
  /** Inputs without a gradient, and gradients that are zero. */
  constants?: readonly string[];
  zero_gradients?: readonly string[];
}

/** A convolution w_i, b_i of stride 1 with its padding, or what has no parameters. */
export type CriticLayer = readonly ["conv", i: number, padding: number] | "instanceNorm" | "leakyRelu" | "blurDown";

/** Whether a tensor is the gradient of an input: "d" before its name. The cotangent and EnCo's decoder are inputs. */
export const isGradient = (short: string) => !["dy", "dec"].includes(short) && /^d\w+$/.test(short);

/**
 * The tensors of a case that are to be answered: the output (of a second derivative g and z, too), what a
 * training batchNorm2d keeps, the gradients, Adam's parameters after each step.
 */
export const isAnswer = (short: string) =>
  isGradient(short) || /^([gyz]|rows|running(Mean|Var)|p[1-9]\d*)$/.test(short);
