// Ladder, step 2: matrix product with four neighbouring outputs of a row per invocation, read and written as one vec4f.
// a [m, k], b [k, n], y [m, n]; sizes are multiples of 64.
// Grid: x = columns / 64, y = rows / 16.

struct Params { m: u32, n: u32, k: u32 }

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row_vec4s = params.n / 4;
  var sum = vec4f();
  for (var k = 0u; k < params.k; k++) {
    sum += a[id.y * params.k + k] * b[k * row_vec4s + id.x];
  }
  y[id.y * row_vec4s + id.x] = sum;
}
