// Anti-aliased downsampling and upsampling by 2. Down: the binomial filter [1, 2, 1] / 4 along each axis over the
// mirrored image, every second pixel kept. Up: bilinear to twice the size with half-pixel centres, which is what the
// filter [1, 3, 3, 1] / 8 amounts to: each new pixel is 3/4 of the nearest old one and 1/4 of the next nearest, clamped
// at the edge. Both are linear and act on each channel alone; a gradient is the transposed sum.
import { type Dense, requireRank, zeros } from "../lib/reference/dense.js";
import { reflectionPad2d, reflectionPad2dGradient } from "../padding/reference.js";

/** x [N, C, H, W] -> [N, C, floor((H - 1) / 2) + 1, floor((W - 1) / 2) + 1]. Needs H and W of at least 2. */
export function blurDown(x: Dense): Dense {
  requireRank("blurDown", "x", x.shape, 4, "[N, C, H, W]");
  const padded = reflectionPad2d(x, 1);
  const [batch, channels, height, width] = padded.shape;
  const y = zeros([batch, channels, (height - 1) >> 1, (width - 1) >> 1]);
  const [, , outHeight, outWidth] = y.shape;
  const p = padded.data;
  let at = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < outHeight; i++) {
      let r0 = (plane * height + 2 * i) * width;
      let r1 = r0 + width;
      let r2 = r1 + width;
      for (let j = 0; j < outWidth; j++, r0 += 2, r1 += 2, r2 += 2) {
        const outer = p[r0] + 2 * p[r0 + 1] + p[r0 + 2] + p[r2] + 2 * p[r2 + 1] + p[r2 + 2];
        y.data[at++] = (outer + 2 * (p[r1] + 2 * p[r1 + 1] + p[r1 + 2])) / 16;
      }
    }
  }
  return y;
}

export function blurDownGradient(x: Dense, dy: Dense): { dx: Dense } {
  const [batch, channels, inHeight, inWidth] = x.shape;
  const [, , outHeight, outWidth] = dy.shape;
  const height = inHeight + 2;
  const width = inWidth + 2;
  const dPadded = zeros([batch, channels, height, width]);
  const d = dPadded.data;
  let at = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < outHeight; i++) {
      let r0 = (plane * height + 2 * i) * width;
      let r1 = r0 + width;
      let r2 = r1 + width;
      for (let j = 0; j < outWidth; j++, r0 += 2, r1 += 2, r2 += 2) {
        const g = dy.data[at++] / 16;
        d[r0] += g;
        d[r0 + 1] += 2 * g;
        d[r0 + 2] += g;
        d[r1] += 2 * g;
        d[r1 + 1] += 4 * g;
        d[r1 + 2] += 2 * g;
        d[r2] += g;
        d[r2 + 1] += 2 * g;
        d[r2 + 2] += g;
      }
    }
  }
  return reflectionPad2dGradient(x, 1, dPadded);
}

/** The old pixel that new pixel i takes a quarter of; it takes three quarters of old pixel i >> 1. */
function nextNearest(i: number, extent: number): number {
  const next = i & 1 ? (i >> 1) + 1 : (i >> 1) - 1;
  return Math.min(Math.max(next, 0), extent - 1);
}

/** x [N, C, H, W] -> [N, C, 2H, 2W]. */
export function blurUp(x: Dense): Dense {
  requireRank("blurUp", "x", x.shape, 4, "[N, C, H, W]");
  const [batch, channels, height, width] = x.shape;
  const y = zeros([batch, channels, 2 * height, 2 * width]);
  const nextColumn = Int32Array.from({ length: 2 * width }, (_, j) => nextNearest(j, width));
  let at = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < 2 * height; i++) {
      const near = (plane * height + (i >> 1)) * width;
      const far = (plane * height + nextNearest(i, height)) * width;
      for (let j = 0; j < 2 * width; j++) {
        const nearest = j >> 1;
        const next = nextColumn[j];
        y.data[at++] =
          0.75 * (0.75 * x.data[near + nearest] + 0.25 * x.data[near + next]) +
          0.25 * (0.75 * x.data[far + nearest] + 0.25 * x.data[far + next]);
      }
    }
  }
  return y;
}

export function blurUpGradient(x: Dense, dy: Dense): { dx: Dense } {
  const [batch, channels, height, width] = x.shape;
  const dx = zeros(x.shape);
  const nextColumn = Int32Array.from({ length: 2 * width }, (_, j) => nextNearest(j, width));
  let at = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < 2 * height; i++) {
      const near = (plane * height + (i >> 1)) * width;
      const far = (plane * height + nextNearest(i, height)) * width;
      for (let j = 0; j < 2 * width; j++) {
        const nearest = j >> 1;
        const next = nextColumn[j];
        const g = dy.data[at++];
        dx.data[near + nearest] += 0.5625 * g;
        dx.data[near + next] += 0.1875 * g;
        dx.data[far + nearest] += 0.1875 * g;
        dx.data[far + next] += 0.0625 * g;
      }
    }
  }
  return { dx };
}
