// Matrix product for GPUs: tiles of 64 x 64 results a workgroup of 16 x 16, 4 x 4 an invocation, over slices of 16 of K staged
// in workgroup memory. Edges are filled with zeros on loading.
// Grid: x = tiles of columns, y = tiles of rows, z = batch.

//#include lib/matmul.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> c: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// 68 between slices keeps the invocations of a row on different banks.
var<workgroup> tile_a: array<f32, 1088>;
var<workgroup> tile_c: array<f32, 1088>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let m0 = group.y * 64;
  let n0 = group.x * 64;
  var acc: array<vec4f, 4>;
  for (var k0 = 0u; k0 < params.k; k0 += 16) {
    for (var i = 0u; i < 4; i++) {
      // Neighbouring invocations read along the axis that is contiguous.
      let along_k = local % 16;
      let across = local / 16 + i * 16;
      let along = local % 64;
      let slice = local / 64 + i * 4;
      let ka = select(slice, along_k, params.a_k == 1);
      let ma = select(along, across, params.a_k == 1);
      var v = 0.0;
      if (k0 + ka < params.k && m0 + ma < params.m) {
        v = a[group.z * params.a_batch + (m0 + ma) * params.a_m + (k0 + ka) * params.a_k];
      }
      tile_a[ka * 68 + ma] = v;
      let kc = select(slice, along_k, params.c_k == 1);
      let nc = select(along, across, params.c_k == 1);
      v = 0.0;
      if (k0 + kc < params.k && n0 + nc < params.n) {
        v = c[params.c_base + group.z * params.c_batch + (k0 + kc) * params.c_k + (n0 + nc) * params.c_n];
      }
      tile_c[kc * 68 + nc] = v;
    }
    workgroupBarrier();
    // A tile is summed by itself before it joins the total: short chains of additions round less.
    var part = array<vec4f, 4>();
    for (var k = 0u; k < 16; k++) {
      let at = k * 68 + id.x;
      let v = vec4f(tile_c[at], tile_c[at + 16], tile_c[at + 32], tile_c[at + 48]);
      let row = k * 68 + id.y * 4;
      part[0] += tile_a[row] * v;
      part[1] += tile_a[row + 1] * v;
      part[2] += tile_a[row + 2] * v;
      part[3] += tile_a[row + 3] * v;
    }
    for (var i = 0u; i < 4; i++) { acc[i] += part[i]; }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4; i++) {
    let m = m0 + id.y * 4 + i;
    for (var j = 0u; j < 4; j++) {
      let n = n0 + id.x + j * 16;
      if (m < params.m && n < params.n) {
        var v = acc[i][j];
        if (params.has_bias == 1) { v += bias[n]; }
        if (params.relu == 1) { v = max(v, 0.0); }
        let at = (group.z * params.m + m) * params.n + n;
        if (params.accumulate == 1) { v += y[at]; }
        y[at] = v;
      }
    }
  }
}
