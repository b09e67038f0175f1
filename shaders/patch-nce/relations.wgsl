// The divergences of rows' relations (see patch-nce/lib/relations.wgsl): into y, behind `losses` others,
//   y_i = sum over j of (P_ij log(P_ij / M_ij) + R_ij log(R_ij / M_ij)) / 2
// and into statistics [size, 4] the logarithms of the sums of exp(t_ij) and exp(r_ij), and P's part of y_i. One
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
  let given = flat_index(group, groups, 0, 1);
  // A folded grid may hold rows too many: they repeat the last and store nothing.
  let row = min(given, params.count - 1) * params.size;
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
  if (local == 0 && given < params.count) {
    let i = params.first + given;
    y[params.losses + i] = partial[0].x + partial[0].y;
    statistics[i] = vec4f(totals, partial[0].x, 0.0);
  }
}
