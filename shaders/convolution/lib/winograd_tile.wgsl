// A tile of the outputs of a Winograd convolution, by its number: tiles go image by image, row by row.
struct Tile { image: u32, y: u32, x: u32 }

fn tile_of(t: u32, tiles_y: u32, tiles_x: u32) -> Tile {
  let row = t / tiles_x;
  let image = row / tiles_y;
  return Tile(image, row - image * tiles_y, t - row * tiles_x);
}
