// The grid of all Winograd kernels that work on tiles: one tile of one channel per invocation.
// Tiles are numbered image by image, row by row, and neighbouring invocations have neighbouring numbers. The 36
// elements of a transformed tile are in [36, channels, tiles_stride]; tiles that only pad the stride belong to no
// image. A dispatch transforms `batch` images of the tensor, beginning with first_image.
// Grid: groups of tiles times channels, flat. The channel may lie beyond the last.
const WORKGROUP: u32 = 64; // @tunable

//#include lib/index.wgsl

struct Tile {
  number: u32, image: u32, y: u32, x: u32, channel: u32,
  // The index of the first of its 36 elements, and the distance from each to the next.
  first: u32, plane: u32,
}

fn tile_of(group: vec3u, groups: vec3u, local: u32) -> Tile {
  let flat = flat_index(group, groups, 0, 1);
  let across = (params.tiles_stride + WORKGROUP - 1) / WORKGROUP;
  let c = flat / across;
  let t = (flat - c * across) * WORKGROUP + local;
  let row = t / params.tiles_x;
  let image = row / params.tiles_y;
  return Tile(t, image, row - image * params.tiles_y, t - row * params.tiles_x, c,
    c * params.tiles_stride + t, params.channels * params.tiles_stride);
}

// The image of the tensor that a tile belongs to, or the dispatch's last image for a tile that belongs to none.
fn image_of(tile: Tile) -> u32 { return params.first_image + min(tile.image, params.batch - 1); }
