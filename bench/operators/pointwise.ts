// Rows of the operators that work on each element alone. All of them are bound by memory, so one size says enough.
import * as engine from "../../engine/index.js";
import { insideOperator } from "../../engine/operators/pointwise/index.js";
import * as reference from "../../engine/operators/reference.js";
import { dense, image, type OperatorBench, onImage, onTwoImages } from "./lib.js";

export const pointwiseBenches: readonly OperatorBench[] = [
  onImage("relu", engine.relu, () => reference.relu(dense(image))),
  onImage("leakyRelu", engine.leakyRelu, () => reference.leakyRelu(dense(image), 0.2)),
  onImage("tanh", engine.tanh, () => reference.tanh(dense(image))),
  onImage("sigmoid", engine.sigmoid, () => reference.sigmoid(dense(image))),
  onImage("softplus", engine.softplus, () => reference.softplus(dense(image))),
  onImage("square", engine.square, () => reference.square(dense(image))),
  { ...onImage("sqrt", engine.sqrt), inputs: [{ shape: image, low: 0.5, high: 2 }] },
  onImage("exp", engine.exp),
  { ...onImage("log", engine.log), inputs: [{ shape: image, low: 0.5, high: 2 }] },
  onImage("sin", engine.sin),
  onImage("cos", engine.cos),
  onImage("abs", engine.abs),
  onImage("sign", engine.sign),
  { ...onImage("reciprocal", engine.reciprocal), inputs: [{ shape: image, low: 0.5, high: 2 }] },
  { ...onImage("rsqrt", engine.rsqrt), inputs: [{ shape: image, low: 0.5, high: 2 }] },
  onImage("erf", engine.erf),
  { ...onImage("pow", (x) => engine.pow(x, 1.5)), inputs: [{ shape: image, low: 0.5, high: 2 }] },
  onImage("clamp", (x) => engine.clamp(x, -0.5, 0.5)),
  onImage("inside", (x) => insideOperator([x], { min: -0.5, max: 0.5 })),
  onImage("scale", (x) => engine.scale(x, 2, 1)),
  onTwoImages("gate", engine.gate),
  onTwoImages("add", engine.add, () => reference.add(dense(image), dense(image))),
  onTwoImages("sub", engine.sub, () => reference.sub(dense(image), dense(image))),
  onTwoImages("mul", engine.mul, () => reference.mul(dense(image), dense(image))),
  onTwoImages("div", engine.div, () => reference.div(dense(image), dense(image))),
  onTwoImages("maximum", engine.maximum),
  onTwoImages("minimum", engine.minimum),
  onTwoImages("gt", engine.gt),
  onTwoImages("eq", engine.eq),
];
