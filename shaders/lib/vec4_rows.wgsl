// The grid of image kernels, which compute rows of y as vec4s: four neighbouring elements share most of what they read.
// An invocation computes VEC4S neighbouring vec4s, so that the divisions that locate them are done once for all. The
// bound of the loop over them is not a constant, because unrolling it would only cost compile time. The last vec4 of a
// row may extend beyond its end. The file that includes this defines:
//   y_size() -> vec3u
//     planes, height and width of y
//   compute_y(plane, row, column) -> vec4f
//     four elements of y; those beyond the end of the row may have any value
const WORKGROUP: u32 = 64;
const VEC4S: u32 = 1; // @tunable vec4s per invocation

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let size = y_size();
  let i = flat_index(group, groups, local, WORKGROUP);
  let across = (size.z + 4 * VEC4S - 1) / (4 * VEC4S);
  let line = i / across;
  let plane = line / size.y;
  if (plane >= size.x) { return; }
  let row = line - plane * size.y;
  let first = (i - line * across) * 4 * VEC4S;
  if (VEC4S == 1) {
    store_y(line * size.z + first, size.z - first, compute_y(plane, row, first));
  } else {
    let end = min(first + 4 * VEC4S, size.z);
    for (var column = first; column < end; column += 4) {
      store_y(line * size.z + column, size.z - column, compute_y(plane, row, column));
    }
  }
}
