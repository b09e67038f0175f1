// Features gathered at chosen positions of a map, one row of channels per position; gather and index_select.
import { ShapeError } from "../../lib/errors.js";
import { build, type Dense, element, requireRank, zeros } from "../lib/reference/dense.js";

export interface GatherOptions {
  /** `ids` holds B * P positions, each image's own; otherwise all images share P positions. */
  readonly perImage?: boolean;
}

/** x [B, C, H, W], ids y * W + x of positions -> rows [B * P, C], image by image. */
export function gatherPositions(x: Dense, ids: Int32Array, options: GatherOptions = {}): Dense {
  const { channels, area, positions, offsets } = locate("gatherPositions", x, ids, options);
  const y = zeros([offsets.length, channels]);
  let at = 0;
  for (let row = 0; row < offsets.length; row++) {
    const start = Math.floor(row / positions) * channels * area + offsets[row];
    for (let channel = 0; channel < channels; channel++) y.data[at++] = x.data[start + channel * area];
  }
  return y;
}

/** The cotangents of a repeated position are added up. */
export function gatherPositionsGradient(x: Dense, ids: Int32Array, options: GatherOptions, dy: Dense): { dx: Dense } {
  const { channels, area, positions, offsets } = locate("gatherPositionsGradient", x, ids, options);
  const dx = zeros(x.shape);
  let at = 0;
  for (let row = 0; row < offsets.length; row++) {
    const start = Math.floor(row / positions) * channels * area + offsets[row];
    for (let channel = 0; channel < channels; channel++) dx.data[start + channel * area] += dy.data[at++];
  }
  return { dx };
}

function locate(operator: string, x: Dense, ids: Int32Array, { perImage = false }: GatherOptions) {
  requireRank(operator, "x", x.shape, 4, "[B, C, H, W]");
  const [batch, channels, height, width] = x.shape;
  const area = height * width;
  const positions = perImage ? ids.length / batch : ids.length;
  if (!Number.isInteger(positions)) {
    throw new ShapeError(`${operator}: ${ids.length} ids do not divide among ${batch} images.`, "Give B * P ids.");
  }
  const outside = ids.find((id) => id < 0 || id >= area);
  if (outside !== undefined) {
    throw new ShapeError(
      `${operator}: position ${outside} is outside a map of ${height} x ${width}.`,
      `Use ids from 0 to ${area - 1}.`,
    );
  }
  const offsets = Int32Array.from({ length: batch * positions }, (_, row) => ids[perImage ? row : row % positions]);
  return { channels, area, positions, offsets };
}

/** y = x at ids along an axis; ids are of x's shape except along it. */
export function gather(x: Dense, axis: number, ids: Dense): Dense {
  return build(ids.shape, (index) => element(x, index.with(axis, element(ids, index))));
}

/** Slices of x along an axis in the order of ids. */
export function indexSelect(x: Dense, axis: number, ids: ArrayLike<number>): Dense {
  return build(x.shape.with(axis, ids.length), (index) => element(x, index.with(axis, ids[index[axis]])));
}
