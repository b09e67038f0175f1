// Shared by gather and scatter_add: the layouts, and the index of an element along the axis, clamped to the last.
const WORKGROUP: u32 = 64;

struct Params { outer: u32, n: u32, inner: u32, m: u32, id_o: u32, id_j: u32, id_i: u32 }

//#include lib/index.wgsl

fn id_at(o: u32, j: u32, i: u32) -> u32 {
  return min(u32(ids[o * params.id_o + j * params.id_j + i * params.id_i]), params.n - 1);
}
