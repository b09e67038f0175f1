// The grid of kernels on rows that are too long for one invocation: PER_THREAD neighbours of a row per invocation, and
// one workgroup per part of a row. The row may be beyond the last.
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

//#include lib/index.wgsl

// Elements `first` to `end` (excluded) of a row.
struct RowPart { row: u32, first: u32, end: u32 }

// An invocation's part of rows of `size` elements.
fn row_part(group: vec3u, groups: vec3u, local: u32, size: u32) -> RowPart {
  let flat = flat_index(group, groups, 0, 1);
  let parts = (size + WORKGROUP * PER_THREAD - 1) / (WORKGROUP * PER_THREAD);
  let row = flat / parts;
  let first = ((flat - row * parts) * WORKGROUP + local) * PER_THREAD;
  return RowPart(row, first, min(first + PER_THREAD, size));
}
