// Rows of selection by a condition and of conversion between dtypes.
import { cast } from "../../engine/index.js";
import { maskOperator } from "../../engine/operators/selection/index.js";
import { type OperatorBench, onImage, onTwoImages } from "./lib.js";

export const selectionBenches: readonly OperatorBench[] = [
  { ...onTwoImages("keep", (a, b) => maskOperator([a, b], {})), operator: "mask" },
  onImage("cast", (x) => cast(x, "i32")),
];
