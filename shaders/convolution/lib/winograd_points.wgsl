// The points of lib/winograd.wgsl: 0, +-A, +-B and infinity, and their squares.
const A2 = 0.5625; // (3/4)^2
const B2 = 2.25; // (3/2)^2
const A = 0.75;
const B = 1.5;

alias Six = array<f32, 6>;

// The transforms work off rows and columns in loops whose bounds are no constants, and turn arrays by one where an index would
// have to be constant: written out by the compiler, a kernel takes lavapipe three to five times as long to compile.
fn turned(s: Six) -> Six { return Six(s[1], s[2], s[3], s[4], s[5], s[0]); }
