// All rounds of Sinkhorn's iteration, which finds the scalings of MoNCE's transport plan (docs/method.md section 3):
//   u = 1 / K v, v = 1 / K^T u, from v = 1
// x has the layout of h in patch-nce/lib/transport.wgsl and gets the scalings of every round, which the gradient needs.
// One workgroup per group, because a round needs all of the one before. Grid: groups, flat.
struct Params { groups: u32, n: u32, vec4s: u32, rounds: u32 }

@group(0) @binding(0) var<storage, read> k: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl
//#include patch-nce/lib/scaled_sums.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let g = flat_index(group, groups, 0, 1);
  if (g >= params.groups) { return; }
  let vec4s = params.vec4s;
  let slots = params.rounds + 1;
  let base = g * 2 * slots;
  for (var i = local; i < vec4s; i += WORKGROUP) { x[(base + slots) * vec4s + i] = vec4f(1.0); }
  storageBarrier();
  for (var t = 1u; t <= 2 * params.rounds; t++) {
    // Odd steps compute u, by the transposed matrix; even ones v.
    let odd = t % 2 == 1;
    let matrix = (g * 2 + select(0u, 1u, odd)) * 4 * vec4s * vec4s;
    let vector = (base + (t - 1) / 2 + select(0u, slots, odd)) * vec4s;
    let result = (base + t / 2 + select(slots, 0u, odd)) * vec4s;
    for (var first = 0u; first < vec4s; first += COLUMNS) {
      let column = first + local % COLUMNS;
      partial[local] = part_of_sums(matrix, vector, vec4s, column, local / COLUMNS);
      workgroupBarrier();
      if (local < COLUMNS && column < vec4s) {
        // The padding of columns is 0.
        let inside = 4 * column + vec4u(0, 1, 2, 3) < vec4u(params.n);
        x[result + column] = select(vec4f(0.0), 1.0 / sum_of_parts(local), inside);
      }
      workgroupBarrier();
    }
    storageBarrier();
  }
}
