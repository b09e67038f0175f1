// Ladder, step 5: matrix product with tiles of 64 x 64 outputs per workgroup, 4 x 4 in the registers of an invocation,
// over K tiles of 16 staged in workgroup memory. a [m, k], b [k, n], y [m, n]; sizes are multiples of 64.
// Grid: x = columns / 64, y = rows / 64.

struct Params { m: u32, n: u32, k: u32 }

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// The K tile of a is transposed, with four rows per vec4f: 16 of k times 64 rows. That of b is as in storage: 16
// of k times 64 columns.
var<workgroup> tile_a: array<vec4f, 256>;
var<workgroup> tile_b: array<vec4f, 256>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let row_vec4s = params.n / 4;
  let column = group.x * 16 + id.x;
  let load_row = (group.y * 16 + id.y) * 4;
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var k0 = 0u; k0 < params.k; k0 += 16) {
    let at = load_row * params.k + k0 + id.x;
    tile_a[id.x * 16 + id.y] = vec4f(a[at], a[at + params.k], a[at + 2 * params.k], a[at + 3 * params.k]);
    tile_b[id.y * 16 + id.x] = b[(k0 + id.y) * row_vec4s + column];
    workgroupBarrier();
    for (var k = 0u; k < 16; k++) {
      let rows = tile_a[k * 16 + id.y];
      let columns = tile_b[k * 16 + id.x];
      s0 += rows.x * columns;
      s1 += rows.y * columns;
      s2 += rows.z * columns;
      s3 += rows.w * columns;
    }
    workgroupBarrier();
  }
  y[load_row * row_vec4s + column] = s0;
  y[(load_row + 1) * row_vec4s + column] = s1;
  y[(load_row + 2) * row_vec4s + column] = s2;
  y[(load_row + 3) * row_vec4s + column] = s3;
}
