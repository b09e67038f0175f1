// The points of shaders/convolution/lib/winograd.wgsl, 0, +-A, +-B and infinity, their squares, and how
// the transforms are walked.
const A2 = 0.5625; // (3/4)^2
const B2 = 2.25; // (3/2)^2
const A = 0.75;
const B = 1.5;

alias Six = array<f32, 6>;

// A GPU gets the transforms written out, so that all numbers stay in registers. Unrolled, a kernel takes lavapipe three
// to five times as long to compile: there the transforms walk rows and columns in loops whose bounds are no constants,
// and rotate arrays by one where an index would have to be constant.
const ROLLED: bool = false; // @tunable

fn rotated(s: Six) -> Six { return Six(s[1], s[2], s[3], s[4], s[5], s[0]); }
