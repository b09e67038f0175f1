// The gradient of Sinkhorn's iteration, backwards through all rounds (see runSinkhornGradient in
// engine/operators/patch-nce/monce.ts). With a scaling h_t = 1 / (M h_t-1), M being K or its transpose, and a_t the
// gradient by its logarithm:
//   w_t = a_t h_t;  a_t-1 = - h_t-1 M^T w_t
// For the last u and v the plan's own gradient is added: row_sums and column_sums [groups, side] of dlog_t, the
// gradient by the logarithm of the plan. h as in patch-nce/lib/transport.wgsl; x gets w [groups, 2, rounds, side], of u
// and then of v. One workgroup per group. Grid: groups, flat.
struct Params { groups: u32, vec4s: u32, rounds: u32 }

@group(0) @binding(0) var<storage, read> k: array<vec4f>;
@group(0) @binding(1) var<storage, read> h: array<vec4f>;
@group(0) @binding(2) var<storage, read> row_sums: array<vec4f>;
@group(0) @binding(3) var<storage, read> column_sums: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

//#include lib/index.wgsl
//#include patch-nce/lib/scaled_sums.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let g = flat_index(group, groups, 0, 1);
  if (g >= params.groups) { return; }
  let vec4s = params.vec4s;
  let rounds = params.rounds;
  let scalings = g * 2 * (rounds + 1);
  let base = g * 2 * rounds;
  for (var i = local; i < vec4s; i += WORKGROUP) {
    let gradient = column_sums[g * vec4s + i];
    x[(base + 2 * rounds - 1) * vec4s + i] = gradient * h[(scalings + 2 * rounds + 1) * vec4s + i];
  }
  storageBarrier();
  for (var t = 2 * rounds - 1; t > 0; t--) {
    // Odd steps compute w of u, by the transposed matrix; even ones w of v.
    let odd = t % 2 == 1;
    let matrix = (g * 2 + select(0u, 1u, odd)) * 4 * vec4s * vec4s;
    let vector = (base + t / 2 + select(0u, rounds, odd)) * vec4s;
    let result = (base + select(rounds + t / 2 - 1, t / 2, odd)) * vec4s;
    let scaling = (scalings + t / 2 + select(rounds + 1, 0u, odd)) * vec4s;
    for (var first = 0u; first < vec4s; first += COLUMNS) {
      let column = first + local % COLUMNS;
      partial[local] = part_of_sums(matrix, vector, vec4s, column, local / COLUMNS);
      workgroupBarrier();
      if (local < COLUMNS && column < vec4s) {
        let factor = h[scaling + column];
        var gradient = - factor * sum_of_parts(local);
        if (t == 2 * rounds - 1) { gradient += row_sums[g * vec4s + column]; }
        x[result + column] = gradient * factor;
      }
      workgroupBarrier();
    }
    storageBarrier();
  }
}
