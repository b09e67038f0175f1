// Padding of images by p pixels on all four sides: with zeros, with the mirror image (reflection, which does not
// repeat the edge pixel: index -1 is pixel 1) or with the edge pixel (replication). The gradient of a padding adds
// every padded pixel's cotangent to the pixel it was copied from.
import { ShapeError } from "../../lib/errors.js";
import { type Dense, requireRank, zeros } from "../lib/reference/dense.js";

/** x [N, C, H, W] -> [N, C, H + 2p, W + 2p], mirrored at the edges. Throws ShapeError unless p < H and p < W. */
export function reflectionPad2d(x: Dense, p: number): Dense {
  return pad("reflectionPad2d", x, p, reflectionSources);
}

export function reflectionPad2dGradient(x: Dense, p: number, dy: Dense): { dx: Dense } {
  return { dx: unpad("reflectionPad2dGradient", x, p, reflectionSources, dy) };
}

/** x [N, C, H, W] -> [N, C, H + 2p, W + 2p], the edge pixels repeated. */
export function replicationPad2d(x: Dense, p: number): Dense {
  return pad("replicationPad2d", x, p, replicationSources);
}

export function replicationPad2dGradient(x: Dense, p: number, dy: Dense): { dx: Dense } {
  return { dx: unpad("replicationPad2dGradient", x, p, replicationSources, dy) };
}

/** x [N, C, H, W] -> [N, C, H + 2p, W + 2p], zeros around. With p = 0 it is x itself. */
export function zeroPad2d(x: Dense, p: number): Dense {
  if (p === 0) return x;
  const [batch, channels, height, width] = x.shape;
  const y = zeros([batch, channels, height + 2 * p, width + 2 * p]);
  let from = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < height; i++, from += width) {
      const at = (plane * (height + 2 * p) + p + i) * (width + 2 * p) + p;
      y.data.set(x.data.subarray(from, from + width), at);
    }
  }
  return y;
}

/** The gradient of `zeroPad2d`: y [N, C, H + 2p, W + 2p] -> [N, C, H, W], the border cut off. y itself with p = 0. */
export function crop2d(y: Dense, p: number): Dense {
  if (p === 0) return y;
  const [batch, channels, height, width] = y.shape;
  const x = zeros([batch, channels, height - 2 * p, width - 2 * p]);
  const columns = width - 2 * p;
  let at = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = p; i < height - p; i++, at += columns) {
      const from = (plane * height + i) * width + p;
      x.data.set(y.data.subarray(from, from + columns), at);
    }
  }
  return x;
}

/** For one axis: the source index of each padded index. */
type Sources = (extent: number, p: number) => Int32Array;

function reflectionSources(extent: number, p: number): Int32Array {
  if (p >= extent) {
    throw new ShapeError(
      `reflectionPad2d: padding ${p} mirrors past the far edge of an axis of ${extent} pixels.`,
      "Use a padding smaller than the height and the width.",
    );
  }
  return Int32Array.from({ length: extent + 2 * p }, (_, i) => extent - 1 - Math.abs(extent - 1 - Math.abs(i - p)));
}

function replicationSources(extent: number, p: number): Int32Array {
  return Int32Array.from({ length: extent + 2 * p }, (_, i) => Math.min(Math.max(i - p, 0), extent - 1));
}

function pad(operator: string, x: Dense, p: number, sources: Sources): Dense {
  requireRank(operator, "x", x.shape, 4, "[N, C, H, W]");
  const [batch, channels, height, width] = x.shape;
  const rows = sources(height, p);
  const columns = sources(width, p);
  const y = zeros([batch, channels, rows.length, columns.length]);
  let at = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < rows.length; i++) {
      const row = (plane * height + rows[i]) * width;
      for (let j = 0; j < columns.length; j++, at++) {
        y.data[at] = x.data[row + columns[j]];
      }
    }
  }
  return y;
}

function unpad(operator: string, x: Dense, p: number, sources: Sources, dy: Dense): Dense {
  requireRank(operator, "x", x.shape, 4, "[N, C, H, W]");
  const [batch, channels, height, width] = x.shape;
  const rows = sources(height, p);
  const columns = sources(width, p);
  const dx = zeros(x.shape);
  let at = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < rows.length; i++) {
      const row = (plane * height + rows[i]) * width;
      for (let j = 0; j < columns.length; j++, at++) {
        dx.data[row + columns[j]] += dy.data[at];
      }
    }
  }
  return dx;
}
