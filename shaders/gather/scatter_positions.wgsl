// The adjoint of gather_positions: x[b, c, ids[p]] += rows[b * patches + p, c], added to what x holds; layouts as
// there. One invocation per channel of an image adds its patches one after the other, so positions may repeat and the
// order of summation is fixed.
const WORKGROUP: u32 = 8;

struct Params { batch: u32, channels: u32, area: u32, patches: u32, ids_stride: u32 }

@group(0) @binding(0) var<storage, read> rows: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = flat_index(group, groups, local, WORKGROUP);
  if (plane >= params.batch * params.channels) { return; }
  let b = plane / params.channels;
  let c = plane % params.channels;
  for (var p = 0u; p < params.patches; p++) {
    let at = plane * params.area + u32(ids[b * params.ids_stride + p]);
    x[at] += rows[(b * params.patches + p) * params.channels + c];
  }
}
