// What whoever answers the golden operator cases must know of them: their parameters, and which tensors are answers.
import type { GanMode } from "../../engine/operators/reference.js";

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
}

/** The tensors of a case that are to be answered: the output, the gradients, Adam's parameters after each step. */
export const isAnswer = (short: string) =>
  short !== "dy" && /^(y|rows|running(Mean|Var)|d[a-z]+\d?|p[1-9]\d*)$/.test(short);
