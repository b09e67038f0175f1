// Shared by the kernels of MoNCE's transport plan. `side` is the number of rows of a group, padded to a multiple of 4.
// `k` [groups, 2, side, side] holds the kernel matrix K and its transpose, padded with 0. `h` [groups, 2, rounds + 1,
// side] holds the scalings of all rounds: u of the rows, from round 1 on, and then v of the columns, from round 0 on.

// Offsets of the last round's u and v in h.
fn last_u(group: u32, rounds: u32, side: u32) -> u32 { return (group * 2 * (rounds + 1) + rounds - 1) * side; }
fn last_v(group: u32, rounds: u32, side: u32) -> u32 { return (group * 2 * (rounds + 1) + 2 * rounds + 1) * side; }
