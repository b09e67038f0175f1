// Rows of the operators that work on each element alone. All of them are bound by memory, so one size is enough.
import * as engine from "../../engine/index.js";
import { geluDerivativeOperator, inRangeOperator } from "../../engine/operators/pointwise/index.js";
import * as reference from "../../engine/reference.js";
import { dense, image, imageText, type OperatorBench, onImage, onTwoImages } from "./lib.js";

/** Functions that require positive numbers. */
const onPositive = (name: string, work: (x: engine.Tensor) => engine.Tensor): OperatorBench => {
  return { ...onImage(name, work), inputs: [{ shape: image, low: 0.5, high: 2 }] };
};

export const pointwiseBenches: readonly OperatorBench[] = [
  onImage("relu", engine.relu, () => reference.relu(dense(image))),
  onImage("leakyRelu", engine.leakyRelu, () => reference.leakyRelu(dense(image), 0.2)),
  onImage("tanh", engine.tanh, () => reference.tanh(dense(image))),
  onImage("sigmoid", engine.sigmoid, () => reference.sigmoid(dense(image))),
  onImage("softplus", engine.softplus, () => reference.softplus(dense(image))),
  onImage("square", engine.square, () => reference.square(dense(image))),
  onPositive("sqrt", engine.sqrt),
  onImage("exp", engine.exp),
  onPositive("log", engine.log),
  onImage("sin", engine.sin),
  onImage("cos", engine.cos),
  onImage("abs", engine.abs),
  onImage("sign", engine.sign),
  onPositive("reciprocal", engine.reciprocal),
  onPositive("rsqrt", engine.rsqrt),
  onImage("erf", engine.erf),
  onImage("gelu", engine.gelu),
  onImage("geluDerivative", (x) => geluDerivativeOperator([x], {})),
  onPositive("pow", (x) => engine.pow(x, 1.5)),
  onImage("clamp", (x) => engine.clamp(x, -0.5, 0.5)),
  { ...onImage("inside", (x) => inRangeOperator([x], { min: -0.5, max: 0.5 })), operator: "inRange" },
  onImage("scale", (x) => engine.scale(x, 2, 1)),
  {
    ...onTwoImages("gate", (dy, x) => engine.leakyReluGradient(dy, x, 0)),
    operator: "leakyReluGradient",
  },
  onTwoImages("add", engine.add, () => reference.add(dense(image), dense(image))),
  onTwoImages("sub", engine.sub, () => reference.sub(dense(image), dense(image))),
  onTwoImages("mul", engine.mul, () => reference.mul(dense(image), dense(image))),
  onTwoImages("div", engine.div, () => reference.div(dense(image), dense(image))),
  onTwoImages("maximum", engine.maximum),
  onTwoImages("minimum", engine.minimum),
  onTwoImages("gt", engine.gt),
  onTwoImages("eq", engine.eq),
  {
    kernel: "add",
    shape: `${imageText(image)}, [64,1,1]`,
    inputs: [image, [64, 1, 1]],
    work: engine.add,
    reference: () => reference.add(dense(image), dense([64, 1, 1])),
  },
];
