// Index of an invocation in a one-dimensional grid that may be folded into two dimensions, because a dispatch takes at
// most 65535 workgroups per dimension (see foldGrid() in engine/device/kernel.ts).
fn flat_index(group: vec3u, groups: vec3u, local: u32, size: u32) -> u32 {
  return (group.y * groups.x + group.x) * size + local;
}

// The row of a grid from rowGrid() in engine/device/kernel.ts. It may lie beyond the last.
fn row_of(group: vec3u) -> u32 { return group.z * 65535 + group.y; }
