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
  let quads = params.n / 4;
  let depth = params.k / 4;
  // Where a subgroup is wider than the row, its last lanes compute the last column too and store nothing.
  let quad = group.x * LANES + lane;
  let column = min(quad, quads - 1);
  let row = group.y * 8;
  let low_row = (row + (lane & 3)) * depth;
  let high_row = low_row + 4 * depth;
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  var s4 = vec4f(); var s5 = vec4f(); var s6 = vec4f(); var s7 = vec4f();
  for (var k = 0u; k < depth; k++) {
    let low = a[low_row + k];
    let high = a[high_row + k];
    for (var i = 0u; i < 4; i++) {
      let v = b[(k * 4 + i) * quads + column];
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
  if (quad >= quads) { return; }
  y[row * quads + quad] = s0;
  y[(row + 1) * quads + quad] = s1;
  y[(row + 2) * quads + quad] = s2;
  y[(row + 3) * quads + quad] = s3;
  y[(row + 4) * quads + quad] = s4;
  y[(row + 5) * quads + quad] = s5;
  y[(row + 6) * quads + quad] = s6;
  y[(row + 7) * quads + quad] = s7;
}
