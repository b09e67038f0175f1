// Inception V3 (Szegedy et al., 2015) as FID uses it, and Keras's, whose graph differs only in the last pool. Average
// pools do not count the padding. Convolutions are in the order of both numberings.

import type { Tensor } from "../../../engine/core/tensor.js";
import { avgPool2d, maxPool2d } from "../../../engine/operators/pooling/index.js";
import { mean } from "../../../engine/operators/reduction/index.js";
import { concat } from "../../../engine/operators/strided/index.js";

/** A convolution and the ReLU after it: padded with zeros, so that stride 1 keeps the size, or `valid` without. */
export type Convolve = (x: Tensor, name: string, options?: { stride?: number; valid?: boolean }) => Tensor;

export interface InceptionOptions {
  /** The pool of the last block's last branch. */
  lastPool: "maximum" | "average";
  /** Widths of the wanted features; nothing beyond the largest is run. */
  widths: readonly (64 | 192 | 768 | 2048)[];
  /** The end of the features of width 768: Mixed_6c or Mixed_6e. */
  after768: "Mixed_6c" | "Mixed_6e";
}

/** Side of the input. */
export const INCEPTION_SIDE = 299;

const joined = (...branches: Tensor[]) => concat(branches, 1);
const maxPool = (x: Tensor, options = { stride: 2, padding: 0 }) => maxPool2d(x, 3, options);
const averagePool = (x: Tensor) => avgPool2d(x, 3, { stride: 1, padding: 1, countIncludePad: false });

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}_${i + 1}`);

/** Blocks and their convolutions in the order of their numbers. */
const BLOCKS: readonly (readonly [block: string, names: readonly string[]])[] = [
  ...["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"].map(
    (name) => [name, [""]] as const,
  ),
  ...["Mixed_5b", "Mixed_5c", "Mixed_5d"].map(
    (block) =>
      [block, ["branch1x1", ...numbered("branch5x5", 2), ...numbered("branch3x3dbl", 3), "branch_pool"]] as const,
  ),
  ["Mixed_6a", ["branch3x3", ...numbered("branch3x3dbl", 3)]],
  ...["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"].map(
    (block) =>
      [block, ["branch1x1", ...numbered("branch7x7", 3), ...numbered("branch7x7dbl", 5), "branch_pool"]] as const,
  ),
  ["Mixed_7a", [...numbered("branch3x3", 2), ...numbered("branch7x7x3", 4)]],
  ...["Mixed_7b", "Mixed_7c"].map((block) => {
    const threes = ["branch3x3_1", "branch3x3_2a", "branch3x3_2b"];
    const doubles = [...numbered("branch3x3dbl", 2), "branch3x3dbl_3a", "branch3x3dbl_3b"];
    return [block, ["branch1x1", ...threes, ...doubles, "branch_pool"]] as const;
  }),
];

/** PyTorch's names of the convolutions for the wanted features, in order: the n-th is Keras's conv2d_n. */
export function inceptionLayers({ widths, after768 }: Pick<InceptionOptions, "widths" | "after768">): string[] {
  const end = { 64: "Conv2d_2b_3x3", 192: "Conv2d_4a_3x3", 768: after768, 2048: "Mixed_7c" };
  const last = end[Math.max(...widths) as keyof typeof end];
  const count = BLOCKS.findIndex(([block]) => block === last) + 1;
  return BLOCKS.slice(0, count).flatMap(([block, names]) => names.map((name) => (name ? `${block}.${name}` : block)));
}

/** The means over positions of the wanted maps, [1, width] each, of an input [1, 3, 299, 299]. */
export function inceptionFeatures(input: Tensor, conv: Convolve, options: InceptionOptions): Map<number, Tensor> {
  const { lastPool, widths, after768 } = options;
  const last = Math.max(...widths);
  const features = new Map<number, Tensor>();
  /** Notes a map's features; returns whether to continue. */
  const note = (x: Tensor, width: 64 | 192 | 768 | 2048): boolean => {
    if (widths.includes(width)) features.set(width, mean(x, [2, 3]));
    return width < last;
  };
  const valid = { valid: true };
  const chain = (x: Tensor, block: string, ...names: string[]) =>
    names.reduce((value, name) => conv(value, `${block}.${name}`), x);

  let x = conv(input, "Conv2d_1a_3x3", { stride: 2, valid: true });
  x = conv(x, "Conv2d_2a_3x3", valid);
  x = maxPool(conv(x, "Conv2d_2b_3x3"));
  if (!note(x, 64)) return features;
  x = conv(x, "Conv2d_3b_1x1");
  x = maxPool(conv(x, "Conv2d_4a_3x3", valid));
  if (!note(x, 192)) return features;

  for (const block of ["Mixed_5b", "Mixed_5c", "Mixed_5d"]) {
    x = joined(
      chain(x, block, "branch1x1"),
      chain(x, block, "branch5x5_1", "branch5x5_2"),
      chain(x, block, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
      chain(averagePool(x), block, "branch_pool"),
    );
  }
  const halving = { stride: 2, valid: true };
  x = joined(
    conv(x, "Mixed_6a.branch3x3", halving),
    conv(chain(x, "Mixed_6a", "branch3x3dbl_1", "branch3x3dbl_2"), "Mixed_6a.branch3x3dbl_3", halving),
    maxPool(x),
  );
  for (const block of ["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"]) {
    const dbl = [1, 2, 3, 4, 5].map((n) => `branch7x7dbl_${n}`);
    x = joined(
      chain(x, block, "branch1x1"),
      chain(x, block, "branch7x7_1", "branch7x7_2", "branch7x7_3"),
      chain(x, block, ...dbl),
      chain(averagePool(x), block, "branch_pool"),
    );
    if (block === after768 && !note(x, 768)) return features;
  }
  x = joined(
    conv(chain(x, "Mixed_7a", "branch3x3_1"), "Mixed_7a.branch3x3_2", halving),
    conv(chain(x, "Mixed_7a", "branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3"), "Mixed_7a.branch7x7x3_4", halving),
    maxPool(x),
  );
  for (const block of ["Mixed_7b", "Mixed_7c"]) {
    const pooled = (value: Tensor) =>
      block === "Mixed_7c" && lastPool === "maximum" ? maxPool(value, { stride: 1, padding: 1 }) : averagePool(value);
    const one = chain(x, block, "branch1x1");
    const three = chain(x, block, "branch3x3_1");
    const threes = [chain(three, block, "branch3x3_2a"), chain(three, block, "branch3x3_2b")];
    const double = chain(x, block, "branch3x3dbl_1", "branch3x3dbl_2");
    const doubles = [chain(double, block, "branch3x3dbl_3a"), chain(double, block, "branch3x3dbl_3b")];
    x = joined(one, ...threes, ...doubles, chain(pooled(x), block, "branch_pool"));
  }
  note(x, 2048);
  return features;
}
