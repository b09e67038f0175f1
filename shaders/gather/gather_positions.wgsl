// rows[b * patches + p, c] = x[b, c, ids[p]]: one row of channels per position, for every image; each image may have
// its own positions. If `images` is twice the batch, the second half is of `second`, at the same positions.
// PER_THREAD neighbours of a row per invocation, since integer division is slow.
// x, second [batch, channels, area], ids [patches] or [batch, patches], rows [images * patches, channels].
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

struct Params { batch: u32, channels: u32, area: u32, patches: u32, ids_stride: u32, images: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> second: array<f32>;
@group(0) @binding(2) var<storage, read> ids: array<i32>;
@group(0) @binding(3) var<storage, read_write> rows: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let runs = (params.channels + PER_THREAD - 1) / PER_THREAD;
  let at = flat_index(group, groups, local, WORKGROUP);
  let row = at / runs;
  let image = row / params.patches;
  if (image >= params.images) { return; }
  let b = image % params.batch;
  let id = u32(ids[b * params.ids_stride + row - image * params.patches]);
  for (var k = 0u; k < PER_THREAD; k++) {
    let c = (at - row * runs) * PER_THREAD + k;
    if (PER_THREAD > 1 && c >= params.channels) { break; }
    let at_x = (b * params.channels + c) * params.area + id;
    if (image < params.batch) {
      rows[row * params.channels + c] = x[at_x];
    } else {
      rows[row * params.channels + c] = second[at_x];
    }
  }
}
