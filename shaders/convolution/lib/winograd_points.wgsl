// The interpolation points of shaders/convolution/lib/winograd.wgsl and their squares. Input tiles of 6 x 6 have 0,
// +-A, +-B and infinity; closer together than the usual 0, +-1, +-2, they round about half as much (after Barabasz et
// al., "Error analysis and improving the accuracy of Winograd convolution", 2018). Tiles of 8 x 8 have the pair +-C
// as well, and no other points in eighths round less, if still four times as much as those of 6 x 6. All are exact in
// binary.
const ALPHA: u32 = 6; // @tunable rows and columns of an input tile: 6 or 8

// GPUs get one tile for each invocation and unrolled transforms, so that all numbers stay in registers. On software
// adapters an invocation transforms a whole column of tiles, and so loads and transforms the rows that neighbours share
// only once. There the loops over rows and columns have bounds that are not constants, and rotate arrays by one where
// an index would have to be constant: unrolled, they take lavapipe three to five times as long to compile.
const UNROLL: bool = true; // @tunable; for tiles of 6 x 6 alone

const A = select(0.75, 0.5, ALPHA == 8);
const B = select(1.5, 1.0, ALPHA == 8);
const C = 2.0;
const A2 = A * A;
const B2 = B * B;
const C2 = C * C;

alias Line = array<f32, ALPHA>;

fn rotated(line: Line) -> Line {
  var next: Line;
  for (var i = 0u; i < ALPHA - 1; i++) { next[i] = line[i + 1]; }
  next[ALPHA - 1] = line[0];
  return next;
}
