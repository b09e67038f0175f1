// rows[b * patches + p, c] = x[b, c, ids[p]]: one row of channels per position, for every image; each image may have
// its own positions. One element per invocation.
// x [batch, channels, area], ids [patches] or [batch, patches], rows [batch * patches, channels].
const WORKGROUP: u32 = 64;

struct Params { batch: u32, channels: u32, area: u32, patches: u32, ids_stride: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> rows: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, WORKGROUP);
  if (at >= params.batch * params.patches * params.channels) { return; }
  let c = at % params.channels;
  let row = at / params.channels;
  let b = row / params.patches;
  let id = u32(ids[b * params.ids_stride + row % params.patches]);
  rows[at] = x[(b * params.channels + c) * params.area + id];
}
