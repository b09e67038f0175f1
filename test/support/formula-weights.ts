// Weights of the feature networks by the formula of test/goldens/README.md: numbers that stand for the published ones,
// whose files nobody needs to have.
import type { ShapedWeights } from "../../cut/evaluation/networks/folding.js";
import type { OperatorCase } from "./goldens.js";

export interface Network {
  fill: number;
  gain: number;
  parameters: [key: string, shape: number[]][];
  checks: { single: [key: string, element: number, value: number][] };
}

/** The networks that a file of goldens describes, by name. */
export const networksOf = ({ golden }: OperatorCase): Record<string, Network> =>
  JSON.parse(golden.metadata["networks"]);

/** The weights of a network. */
export function weightsOf({ fill, gain, parameters }: Network): ShapedWeights {
  return new Map(
    parameters.map(([key, shape], k) => {
      const size = shape.reduce((product, side) => product * side, 1);
      const value = valueBy(key, shape, gain);
      const data = new Float32Array(size);
      const phase = 78.233 * (101 * fill + k + 1);
      for (let i = 0; i < size; i++) {
        const v = Math.sin(12.9898 * i + phase) * 43758.5453;
        data[i] = value(v - Math.floor(v));
      }
      return [key, { shape, data }];
    }),
  );
}

function valueBy(key: string, shape: readonly number[], gain: number): (u: number) => number {
  if (/^lin\d\.model/.test(key)) return (u) => Math.max(0, 2 * u - 1);
  if (/(bn\.weight|\/gamma|running_var|\/moving_variance)$/.test(key)) return (u) => 0.5 + u;
  if (/(bn\.bias|\/beta|running_mean|\/moving_mean)$/.test(key)) return (u) => 0.4 * u - 0.2;
  if (/\.bias$/.test(key)) return (u) => (2 * u - 1) * Math.sqrt(3) * 0.05;
  const keras = key.includes("/");
  const fan = key.endsWith("depthwise_kernel")
    ? shape[0] * shape[1]
    : keras
      ? shape[0] * shape[1] * shape[2]
      : shape.slice(1).reduce((product, side) => product * side, 1);
  return (u) => (2 * u - 1) * Math.sqrt(3) * Math.sqrt(gain / fan);
}
