// How all Winograd kernels that work on tiles of the output are laid out: one tile of one channel per invocation.
// Tiles are numbered image by image, row by row, and neighbouring invocations have neighbouring numbers. A tile's 36
// numbers lie in [36, channels, tiles_stride]; tiles that only fill the stride up belong to no image. A dispatch is for
// `batch` images of the tensor, from first_image on.
// Grid: groups of tiles times channels, flat. The channel may lie beyond the last.
const WORKGROUP: u32 = 64; // @tunable

//#include lib/index.wgsl

struct Tile {
  number: u32, image: u32, y: u32, x: u32, channel: u32,
  // Where the first of its 36 numbers lies, and the distance to each next one.
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

// The image of the tensor that a tile belongs to; the last of the dispatch where it belongs to none.
fn image_of(tile: Tile) -> u32 { return params.first_image + min(tile.image, params.batch - 1); }
