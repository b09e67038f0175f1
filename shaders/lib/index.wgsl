// Index of an invocation in a one-dimensional grid that may be folded into two dimensions, because a dispatch takes at
// most 65535 workgroups per dimension (see foldGrid() in engine/device/kernel-source.ts). All operators use such grids;
// kernels that need several coordinates compute them from the index, the first axis fastest. A folded grid may be
// larger than needed: invocations with an index beyond the last must do nothing.
fn flat_index(group: vec3u, groups: vec3u, local: u32, size: u32) -> u32 {
  return (group.y * groups.x + group.x) * size + local;
}
