// How all Winograd kernels that work on tiles of the output are laid out: one tile of one channel per invocation.
// Tiles are numbered image by image, row by row, and neighbouring invocations have neighbouring numbers. A tile's 36
// numbers lie in [36, channels, tiles_stride]; tiles that only fill the stride up belong to no image.
// Grid: x = groups of tiles, y = channels.
const WORKGROUP: u32 = 64; // @tunable

struct Tile {
  number: u32, image: u32, y: u32, x: u32, channel: u32,
  // Where the first of its 36 numbers lies, and the distance to each next one.
  first: u32, plane: u32,
}

fn tile_of(group: vec3u, local: u32) -> Tile {
  let t = group.x * WORKGROUP + local;
  let c = group.y;
  let row = t / params.tiles_x;
  let image = row / params.tiles_y;
  return Tile(t, image, row - image * params.tiles_y, t - row * params.tiles_x, c,
    c * params.tiles_stride + t, params.channels * params.tiles_stride);
}
