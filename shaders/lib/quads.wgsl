// Image kernels compute quads: four neighbouring elements of a row, which share what they read. An invocation takes
// QUADS neighbouring ones, so that the divisions that find their place are paid once for all. The loop over them runs
// to a bound that is no constant, since unrolling it would only cost compile time. A row's last quad may reach beyond
// its end. The file that includes this defines:
//   y_size() -> vec3u
//     planes, height and width of y
//   quad(plane, row, column) -> vec4f
//     four elements of y; those beyond the row may be anything
const WORKGROUP: u32 = 64;
const QUADS: u32 = 1; // @tunable

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let size = y_size();
  let i = flat_index(group, groups, local, WORKGROUP);
  let across = (size.z + 4 * QUADS - 1) / (4 * QUADS);
  let line = i / across;
  let plane = line / size.y;
  if (plane >= size.x) { return; }
  let row = line - plane * size.y;
  let first = (i - line * across) * 4 * QUADS;
  if (QUADS == 1) {
    write_quad(line * size.z + first, size.z - first, quad(plane, row, first));
  } else {
    let end = min(first + 4 * QUADS, size.z);
    for (var column = first; column < end; column += 4) {
      write_quad(line * size.z + column, size.z - column, quad(plane, row, column));
    }
  }
}
