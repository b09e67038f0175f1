// Ladder, step 1: matrix product y = a b with one invocation per output, as the formula reads.
// a [m, k], b [k, n], y [m, n]; sizes are multiples of 64 on the whole ladder, so that no step tests for edges.
// Grid: x = columns / 16, y = rows / 16.

struct Params { m: u32, n: u32, k: u32 }

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = 0.0;
  for (var k = 0u; k < params.k; k++) {
    sum += a[id.y * params.k + k] * b[k * params.n + id.x];
  }
  y[id.y * params.n + id.x] = sum;
}
