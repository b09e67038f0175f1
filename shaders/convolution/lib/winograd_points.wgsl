// The interpolation points of shaders/convolution/lib/winograd.wgsl, 0, +-A, +-B and infinity, their squares, and
// whether the loops of the transforms are unrolled.
const A2 = 0.5625; // (3/4)^2
const B2 = 2.25; // (3/2)^2
const A = 0.75;
const B = 1.5;

alias Six = array<f32, 6>;

// GPUs get unrolled transforms, so that all numbers stay in registers. These take lavapipe three to five times as long
// to compile: without UNROLL the transforms loop over rows and columns with bounds that are not constants, and rotate
// arrays by one where an index would have to be constant.
const UNROLL: bool = true; // @tunable

fn rotated(s: Six) -> Six { return Six(s[1], s[2], s[3], s[4], s[5], s[0]); }
