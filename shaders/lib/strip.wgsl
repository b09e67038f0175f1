// Image kernels work on strips of a row: STRIP neighbouring elements an invocation, so that the divisions that find its place
// are paid once a strip; loops over it run to a bound that is no constant, since unrolling them only costs compile time. On a GPU a strip is one element, and neighbours in a row are neighbours in a workgroup.
struct Strip { plane: u32, row: u32, column: u32 }

fn strip_of(i: u32, height: u32, width: u32) -> Strip {
  let strips = (width + STRIP - 1) / STRIP;
  let line = i / strips;
  let plane = line / height;
  return Strip(plane, line - plane * height, (i - line * strips) * STRIP);
}
