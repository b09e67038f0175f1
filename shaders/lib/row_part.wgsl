// Kernels on rows that are too long for one invocation: PER_THREAD neighbours of a row per invocation, a workgroup for
// each part of each row, flat. The row may lie beyond the last.
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

//#include lib/index.wgsl

// From `first` up to `end`, which is excluded.
struct RowPart { row: u32, first: u32, end: u32 }

// The part of an invocation in rows of `size`.
fn row_part(group: vec3u, groups: vec3u, local: u32, size: u32) -> RowPart {
  let flat = flat_index(group, groups, 0, 1);
  let parts = (size + WORKGROUP * PER_THREAD - 1) / (WORKGROUP * PER_THREAD);
  let row = flat / parts;
  let first = ((flat - row * parts) * WORKGROUP + local) * PER_THREAD;
  return RowPart(row, first, min(first + PER_THREAD, size));
}
