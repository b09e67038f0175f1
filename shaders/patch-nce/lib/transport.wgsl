// What the kernels of MoNCE's transport plan share. `side` is the rows of a group, filled up to a multiple of 4. The
// kernel matrix K lies twice in `k` [groups, 2, side, side]: as it is, and transposed; what fills it up is 0. `h`
// [groups, 2, rounds + 1, side] holds the scalings of all rounds: u of the rows, from round 1 on, and then v of the
// columns, from round 0 on.

// Where u and v of the last round begin in h.
fn last_u(group: u32, rounds: u32, side: u32) -> u32 { return (group * 2 * (rounds + 1) + rounds - 1) * side; }
fn last_v(group: u32, rounds: u32, side: u32) -> u32 { return (group * 2 * (rounds + 1) + 2 * rounds + 1) * side; }
