// Image kernels work on strips of a row: STRIP neighbouring elements per invocation, so that the divisions that find
// its place are paid once per strip. Loops over a strip run to a bound that is no constant, since unrolling them only
// costs compile time. On a GPU a strip is one element, and neighbours in a row are neighbours in a workgroup.
// Limits: planes are not counted here; an invocation whose strip lies in a plane beyond the last must return.
const WORKGROUP: u32 = 64;
const STRIP: u32 = 1; // @tunable elements of a row per invocation

//#include lib/index.wgsl

// Columns from `column` up to `end`, which is excluded.
struct Strip { plane: u32, row: u32, column: u32, end: u32 }

// The strip of an invocation in planes of height x width.
fn strip_of(group: vec3u, groups: vec3u, local: u32, height: u32, width: u32) -> Strip {
  let i = flat_index(group, groups, local, WORKGROUP);
  let strips = (width + STRIP - 1) / STRIP;
  let line = i / strips;
  let plane = line / height;
  let column = (i - line * strips) * STRIP;
  return Strip(plane, line - plane * height, column, min(column + STRIP, width));
}
