// Ladder, step 3: matrix product with a tile of 4 x 4 outputs in the registers of an invocation, read straight from
// storage: four steps of k take 8 vec4f loads and 64 multiply-adds.
// a [m, k], b [k, n], y [m, n]; sizes are multiples of 64.
// Grid: x = columns / 64, y = rows / 64.

struct Params { m: u32, n: u32, k: u32 }

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row_vec4s = params.n / 4;
  let depth = params.k / 4;
  let row = id.y * 4;
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var k = 0u; k < depth; k++) {
    let at = k * 4 * row_vec4s + id.x;
    let b0 = b[at];
    let b1 = b[at + row_vec4s];
    let b2 = b[at + 2 * row_vec4s];
    let b3 = b[at + 3 * row_vec4s];
    let a0 = a[row * depth + k];
    let a1 = a[(row + 1) * depth + k];
    let a2 = a[(row + 2) * depth + k];
    let a3 = a[(row + 3) * depth + k];
    s0 += a0.x * b0 + a0.y * b1 + a0.z * b2 + a0.w * b3;
    s1 += a1.x * b0 + a1.y * b1 + a1.z * b2 + a1.w * b3;
    s2 += a2.x * b0 + a2.y * b1 + a2.z * b2 + a2.w * b3;
    s3 += a3.x * b0 + a3.y * b1 + a3.z * b2 + a3.w * b3;
  }
  y[row * row_vec4s + id.x] = s0;
  y[(row + 1) * row_vec4s + id.x] = s1;
  y[(row + 2) * row_vec4s + id.x] = s2;
  y[(row + 3) * row_vec4s + id.x] = s3;
}
