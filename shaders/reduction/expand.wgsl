// y = factor * x where x is repeated: y has up to four axes (n3 slowest), and x its own stride along each, 0 where it
// is repeated. PER_THREAD neighbours along the fastest axis per invocation; where the factor is 1, elements are copied
// as bits, so that they may be i32.
const PER_THREAD: u32 = 1; // @tunable
const WORKGROUP: u32 = 64;

struct Params { rows: u32, n0: u32, n1: u32, n2: u32, s0: u32, s1: u32, s2: u32, s3: u32, factor: f32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let runs = (params.n0 + PER_THREAD - 1) / PER_THREAD;
  let at = flat_index(group, groups, local, WORKGROUP);
  let row = at / runs;
  if (row >= params.rows) { return; }
  let plane = row / params.n1;
  let from_row = (row % params.n1) * params.s1 + (plane % params.n2) * params.s2 + (plane / params.n2) * params.s3;
  var i = at % runs * PER_THREAD;
  let end = min(i + PER_THREAD, params.n0);
  for (; i < end; i++) {
    let element = x[from_row + i * params.s0];
    let scaled = bitcast<u32>(params.factor * bitcast<f32>(element));
    y[row * params.n0 + i] = select(scaled, element, params.factor == 1.0);
  }
}
