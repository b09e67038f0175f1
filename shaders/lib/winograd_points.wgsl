// The points of lib/winograd.wgsl: 0, +-A, +-B and infinity, and their squares.
const A2 = 0.5625; // (3/4)^2
const B2 = 2.25; // (3/2)^2
const A = 0.75;
const B = 1.5;

alias Six = array<f32, 6>;
