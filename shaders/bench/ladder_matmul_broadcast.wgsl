// Ladder, step 6: matrix product without workgroup memory: a workgroup is one subgroup and computes 8 rows of
// LANES * 4 columns. A lane computes four columns and loads two of the 8 rows; the others get its values by broadcast.
// a [m, k], b [k, n], y [m, n]; sizes are multiples of 64 and LANES at least 4.
// Grid: x = columns / 4 / LANES, rounded up, y = rows / 8.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup

struct Params { m: u32, n: u32, k: u32 }

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row_vec4s = params.n / 4;
  let depth = params.k / 4;
  // Where a subgroup is wider than the row, its last lanes compute the last column too and store nothing.
  let column = group.x * LANES + lane;
  let loaded = min(column, row_vec4s - 1);
  let row = group.y * 8;
  let low_row = (row + (lane & 3)) * depth;
  let high_row = low_row + 4 * depth;
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  var s4 = vec4f(); var s5 = vec4f(); var s6 = vec4f(); var s7 = vec4f();
  for (var k = 0u; k < depth; k++) {
    let low = a[low_row + k];
    let high = a[high_row + k];
    for (var i = 0u; i < 4; i++) {
      let v = b[(k * 4 + i) * row_vec4s + loaded];
      s0 += subgroupBroadcast(low[i], 0) * v;
      s1 += subgroupBroadcast(low[i], 1) * v;
      s2 += subgroupBroadcast(low[i], 2) * v;
      s3 += subgroupBroadcast(low[i], 3) * v;
      s4 += subgroupBroadcast(high[i], 0) * v;
      s5 += subgroupBroadcast(high[i], 1) * v;
      s6 += subgroupBroadcast(high[i], 2) * v;
      s7 += subgroupBroadcast(high[i], 3) * v;
    }
  }
  if (column >= row_vec4s) { return; }
  y[row * row_vec4s + column] = s0;
  y[(row + 1) * row_vec4s + column] = s1;
  y[(row + 2) * row_vec4s + column] = s2;
  y[(row + 3) * row_vec4s + column] = s3;
  y[(row + 4) * row_vec4s + column] = s4;
  y[(row + 5) * row_vec4s + column] = s5;
  y[(row + 6) * row_vec4s + column] = s6;
  y[(row + 7) * row_vec4s + column] = s7;
}
