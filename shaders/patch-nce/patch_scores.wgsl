// Sums and maxima of the similarities s of each patch with a part of the keys (see
// engine/operators/patch-nce/scores.ts). A key is near if it is within `reach` rows and columns of the patch, else far:
//   scores = (sum over far keys of exp((s - 1) / tau), highest s of far keys, highest s of near keys, far count)
// coordinates [positions] = (row, column), of patches and of keys. A block has `patches` patches from first_patch and
// `keys` keys from first_key, with s[patch * patch_stride + key * key_stride]. scores [parts, positions]; the parts of
// the block's keys begin at first_part. One invocation per patch and part.
const WORKGROUP: u32 = 64;
const PART: u32 = 256; // @tunable keys of a part
const WINDOWED: bool = true; // @tunable whether reach is more than 0; if not, only the positive is near
// Below every similarity.
const LOWEST: f32 = -1.0e30;

struct Params {
  positions: u32, patches: u32, first_patch: u32, patch_stride: u32, keys: u32, first_key: u32, key_stride: u32,
  first_part: u32, reach: u32, tau: f32,
}

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read> coordinates: array<vec2i>;
@group(0) @binding(2) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = flat_index(group, groups, local, WORKGROUP);
  let part = index / params.patches;
  let begin = part * PART;
  if (begin >= params.keys) { return; }
  let end = min(begin + PART, params.keys);
  let row = index - part * params.patches;
  let patch_index = params.first_patch + row;
  let center = coordinates[patch_index];
  let reach = i32(params.reach);
  var sum = 0.0;
  var far = LOWEST;
  var near = LOWEST;
  var count = 0.0;
  var at = row * params.patch_stride + begin * params.key_stride;
  for (var key = begin; key < end; key++) {
    let similarity = s[at];
    at += params.key_stride;
    let key_index = params.first_key + key;
    var is_near = key_index == patch_index;
    if (WINDOWED) {
      let distance = abs(coordinates[key_index] - center);
      is_near = max(distance.x, distance.y) <= reach;
    }
    sum += select(exp((similarity - 1.0) / params.tau), 0.0, is_near);
    far = select(max(far, similarity), far, is_near);
    near = select(near, max(near, similarity), is_near);
    count += select(1.0, 0.0, is_near);
  }
  scores[(params.first_part + part) * params.positions + patch_index] = vec4f(sum, far, near, count);
}
