// Rows of gathering a feature map's channels at positions, and of its gradient, which scatters them back.
import { gatherPositions, indexSelect } from "../../engine/index.js";
import { scatterAddOperator, scatterPositionsOperator } from "../../engine/operators/gather/index.js";
import { channels, matrix, type OperatorBench, positions } from "./lib.js";

export const gatherBenches: readonly OperatorBench[] = [
  {
    kernel: "gatherPositions",
    shape: "256 of 256 channels at 32x32",
    inputs: [[1, channels, 32, 32], positions],
    work: gatherPositions,
  },
  {
    kernel: "scatterPositions",
    shape: "256 to 256 channels at 32x32",
    inputs: [matrix, positions],
    work: (dy, ids) => scatterPositionsOperator([dy, ids], { shape: [1, channels, 32, 32] }),
  },
  {
    kernel: "gather",
    shape: "256 of 1024 rows of 256",
    inputs: [[1024, channels], positions],
    work: (x, ids) => indexSelect(x, 0, ids),
  },
  {
    kernel: "scatterAdd",
    shape: "256 to 1024 rows of 256",
    inputs: [matrix, positions],
    work: (dy, ids) => scatterAddOperator([dy, ids], { axis: 0, own: false, shape: [1024, channels] }),
  },
];
