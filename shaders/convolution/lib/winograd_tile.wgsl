// The grid of all Winograd kernels that work on tiles: an invocation has one tile of one channel or, without UNROLL,
// all tiles of one channel that are in one column of an image.
// Tiles are numbered image by image, row by row, and neighbouring invocations have neighbouring numbers. The elements
// of a transformed tile are in [ALPHA^2, channels, tiles_stride]; tiles that only pad the stride belong to no image. A
// dispatch transforms `batch` images of the tensor, beginning with first_image.
// Grid: one tile: groups of tiles times channels; a column: groups of columns of all channels; flat. The channel may
// lie beyond the last.
const WORKGROUP: u32 = 64; // @tunable

//#include lib/index.wgsl

struct Tile {
  number: u32, image: u32, y: u32, x: u32, channel: u32,
  // The index of the first of its elements, and the distance from each to the next.
  first: u32, plane: u32,
}

// The invocation's tile, or the uppermost of its column.
fn tile_of(group: vec3u, groups: vec3u, local: u32) -> Tile {
  let plane = params.channels * params.tiles_stride;
  if (!UNROLL) {
    let columns = params.batch * params.tiles_x;
    let i = flat_index(group, groups, local, WORKGROUP);
    let c = i / columns;
    let column = i - c * columns;
    let image = column / params.tiles_x;
    let x = column - image * params.tiles_x;
    let t = image * params.tiles_y * params.tiles_x + x;
    return Tile(t, image, 0, x, c, c * params.tiles_stride + t, plane);
  }
  let flat = flat_index(group, groups, 0, 1);
  let across = (params.tiles_stride + WORKGROUP - 1) / WORKGROUP;
  let c = flat / across;
  let t = (flat - c * across) * WORKGROUP + local;
  let row = t / params.tiles_x;
  let image = row / params.tiles_y;
  return Tile(t, image, row - image * params.tiles_y, t - row * params.tiles_x, c, c * params.tiles_stride + t, plane);
}

// The image of the tensor that a tile belongs to, or the dispatch's last image for a tile that belongs to none.
fn image_of(tile: Tile) -> u32 { return params.first_image + min(tile.image, params.batch - 1); }

// The number of tiles that belong to no image which the last of a channel's columns has to fill; 0 for others.
fn padding_tiles(tile: Tile) -> u32 {
  let tiles = params.batch * params.tiles_y * params.tiles_x;
  return select(0, params.tiles_stride - tiles, tile.image == params.batch - 1 && tile.x == params.tiles_x - 1);
}
