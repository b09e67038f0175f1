// Matrix product for adapters that are a CPU: from registers, without workgroup memory or barriers.
// A workgroup is one subgroup. It makes 8 rows of LANES * 4 columns: every lane owns four neighbouring columns, holds the
// element of one of the 8 rows, and lane r's is broadcast to all.
// Grid: x = groups of columns, y = blocks of 8 rows, z = batch.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;
// Products summed by themselves before they join the total: short chains of additions round less.
const CHUNK: u32 = 32;

//#include lib/matmul.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> c: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn store(b: u32, m: u32, n: u32, results: vec4f) {
  if (m >= params.m) { return; }
  for (var i = 0u; i < 4; i++) {
    if (n + i < params.n) {
      var v = results[i];
      if (params.has_bias == 1) { v += bias[n + i]; }
      if (params.relu == 1) { v = max(v, 0.0); }
      y[(b * params.m + m) * params.n + n + i] = v;
    }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m0 = group.y * 8;
  let n0 = (group.x * LANES + lane) * 4;
  let last_m = params.m - 1;
  let last_n = params.n - 1;
  let a_low = group.z * params.a_batch + min(m0 + (lane & (HIGH + 3)), last_m) * params.a_m;
  let a_high = group.z * params.a_batch + min(m0 + 4 + (lane & 3), last_m) * params.a_m;
  let c_0 = group.z * params.c_batch + min(n0, last_n) * params.c_n;
  let c_1 = group.z * params.c_batch + min(n0 + 1, last_n) * params.c_n;
  let c_2 = group.z * params.c_batch + min(n0 + 2, last_n) * params.c_n;
  let c_3 = group.z * params.c_batch + min(n0 + 3, last_n) * params.c_n;

  var sums: array<vec4f, 8>;
  for (var first = 0u; first < params.k; first += CHUNK) {
    var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
    var s4 = vec4f(); var s5 = vec4f(); var s6 = vec4f(); var s7 = vec4f();
    let end = min(first + CHUNK, params.k);
    for (var k = first; k < end; k++) {
      let row = k * params.c_k;
      let v = vec4f(c[c_0 + row], c[c_1 + row], c[c_2 + row], c[c_3 + row]);
      let low = a[a_low + k * params.a_k];
      var high = low;
      if (LANES < 8) { high = a[a_high + k * params.a_k]; }
      s0 += subgroupBroadcast(low, 0) * v;
      s1 += subgroupBroadcast(low, 1) * v;
      s2 += subgroupBroadcast(low, 2) * v;
      s3 += subgroupBroadcast(low, 3) * v;
      s4 += subgroupBroadcast(high, HIGH) * v;
      s5 += subgroupBroadcast(high, HIGH + 1) * v;
      s6 += subgroupBroadcast(high, HIGH + 2) * v;
      s7 += subgroupBroadcast(high, HIGH + 3) * v;
    }
    sums[0] += s0;
    sums[1] += s1;
    sums[2] += s2;
    sums[3] += s3;
    sums[4] += s4;
    sums[5] += s5;
    sums[6] += s6;
    sums[7] += s7;
  }

  for (var r = 0u; r < 8; r++) { store(group.z, m0 + r, n0, sums[r]); }
}
