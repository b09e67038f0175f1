// Convolution for GPUs (see shaders/convolution/lib/conv2d_tiled.wgsl), with weights at any strides.
// Grid: tiles, flat.
const A_TRANSPOSED: bool = false;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// Where the weights of four output channels begin.
alias PlaceA = vec4i;

fn a_place(z: u32, rows: vec4u) -> PlaceA {
  return params.w_base + vec4i(min(rows, vec4u(params.out_channels - 1))) * params.w_m;
}

fn a_line(z: u32, place: PlaceA, j: u32, k: u32, end: u32) -> vec4f {
  let there = min(k, end - 1);
  let tap = i32(there % TAPS);
  let within = i32(there / TAPS) * params.w_c + tap / i32(TAPS_X) * params.w_ty + tap % i32(TAPS_X) * params.w_tx;
  let at = vec4u(place + within);
  return select(vec4f(), vec4f(w[at.x], w[at.y], w[at.z], w[at.w]), k < end);
}

//#include convolution/lib/conv2d_tiled.wgsl
