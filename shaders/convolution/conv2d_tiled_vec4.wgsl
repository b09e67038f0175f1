// The convolution of conv2d_tiled.wgsl where the weights are [out, in, taps] from the buffer's beginning and in * taps
// is a multiple of 4: they are read as vec4s.
// Grid: tiles, flat.
const A_TRANSPOSED: bool = true;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// Where the weights of four output channels begin.
alias PlaceA = vec4u;

fn a_place(z: u32, rows: vec4u) -> PlaceA {
  return min(rows, vec4u(params.out_channels - 1)) * params.in_channels * TAPS;
}

fn a_line(z: u32, place: PlaceA, j: u32, k: u32, end: u32) -> vec4f {
  return select(vec4f(), w[(place[j] + min(k, end - 4)) / 4], k < end);
}

//#include convolution/lib/conv2d_tiled.wgsl
