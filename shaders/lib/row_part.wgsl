// Kernels on rows that are too long for one invocation: PER_THREAD neighbours of a row per invocation, in a grid of
// x = parts of a row, y (and z) = rows, made by rowGrid() in engine/device/kernel.ts.
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

//#include lib/index.wgsl

// From `first` up to `end`, which is excluded.
struct RowPart { first: u32, end: u32 }

fn row_part(group: vec3u, local: u32, size: u32) -> RowPart {
  let first = (group.x * WORKGROUP + local) * PER_THREAD;
  return RowPart(first, min(first + PER_THREAD, size));
}
