// found_inf[optimizer] = 1 if a gradient is infinite or NaN. Tested by its bits, since WGSL lets compilers assume that
// neither occurs. chunks: for each workgroup the first element and the end of its range of g; elements outside of all
// ranges are padding.
const WORKGROUP: u32 = 64;

struct Params { chunks: u32, optimizer: u32 }

@group(0) @binding(0) var<storage, read> g: array<u32>;
@group(0) @binding(1) var<storage, read> chunks: array<u32>;
@group(0) @binding(2) var<storage, read_write> found_inf: array<atomic<u32>>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let chunk = flat_index(group, groups, 0, 1);
  if (chunk >= params.chunks) { return; }
  var found = false;
  for (var at = chunks[2 * chunk] + local; at < chunks[2 * chunk + 1]; at += WORKGROUP) {
    found = found || (g[at] & 0x7f800000) == 0x7f800000;
  }
  if (found) { atomicStore(&found_inf[params.optimizer], 1); }
}
