// The Jensen-Shannon divergences of rows' relations (see patch-nce/lib/relations.wgsl), written to y after the first
// `losses` elements:
//   y_i = sum over j of (P_ij log(P_ij / M_ij) + R_ij log(R_ij / M_ij)) / 2
// statistics [size, 4] get the log-sum-exps of t_i and r_i, and the sum over j of P_ij log(P_ij / M_ij) / 2. One
// workgroup per row. Grid: count, flat.
const WORKGROUP: u32 = 64; // @tunable a power of two

@group(0) @binding(0) var<storage, read> t: array<f32>;
@group(0) @binding(1) var<storage, read> r: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> statistics: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/index.wgsl
//#include lib/pairwise_sum.wgsl
//#include patch-nce/lib/relations.wgsl

var<workgroup> partial: array<vec2f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = flat_index(group, groups, 0, 1);
  // A folded grid may hold too many rows: they repeat the last one and store nothing.
  let row = min(index, params.count - 1) * params.size;
  var sums = vec2f(0.0);
  for (var j = local; j < params.size; j += WORKGROUP) { sums += exp(vec2f(t[row + j], r[row + j])); }
  partial[local] = sums;
  sum_partials(local);
  let totals = log(partial[0]);
  workgroupBarrier();
  sums = vec2f(0.0);
  for (var j = local; j < params.size; j += WORKGROUP) {
    let logs = vec2f(t[row + j], r[row + j]) - totals;
    sums += exp(logs) * half_ratios(logs);
  }
  partial[local] = sums;
  sum_partials(local);
  if (local == 0 && index < params.count) {
    let i = params.first + index;
    y[params.losses + i] = partial[0].x + partial[0].y;
    statistics[i] = vec4f(totals, partial[0].x, 0.0);
  }
}
