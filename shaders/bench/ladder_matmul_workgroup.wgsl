// Ladder, step 4: matrix product with tiles of 16 x 16 of both operands staged in workgroup memory, one output per
// invocation. a [m, k], b [k, n], y [m, n]; sizes are multiples of 64.
// Grid: x = columns / 16, y = rows / 16.

struct Params { m: u32, n: u32, k: u32 }

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> tile_a: array<f32, 256>;
var<workgroup> tile_b: array<f32, 256>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let m = group.y * 16 + id.y;
  let n = group.x * 16 + id.x;
  var sum = 0.0;
  for (var k0 = 0u; k0 < params.k; k0 += 16) {
    tile_a[id.y * 16 + id.x] = a[m * params.k + k0 + id.x];
    tile_b[id.y * 16 + id.x] = b[(k0 + id.y) * params.n + n];
    workgroupBarrier();
    for (var k = 0u; k < 16; k++) {
      sum += tile_a[id.y * 16 + k] * tile_b[k * 16 + id.x];
    }
    workgroupBarrier();
  }
  y[m * params.n + n] = sum;
}
