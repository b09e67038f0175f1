// y = activation((x - mean) / deviation) [+ residual] of every plane. The statistics are computed and kept, or, where
// the output is computed once more, given. They take two walks: the variance is the mean of squared distances from the
// mean (E[x^2] - E[x]^2 cancels), and biased, as PyTorch's normalisation has it. The second walk also sums the plain
// distances, which corrects what rounding left in the mean (Chan, Golub and LeVeque, 1983).
// x, residual, y [planes, size]; statistics [planes, 2] = mean, 1 / deviation; `size` counts Elements.
const RESIDUAL: bool = false; // @tunable
const GIVEN: bool = false; // @tunable
const APPLIED: bool = true; // @tunable whether y is wanted, not the statistics alone

struct Params { planes: u32, size: u32, count: f32, eps: f32, slope: f32 }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> residual: array<Element>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;
@group(0) @binding(4) var<uniform> params: Params;

//#include instance-norm/lib/plane.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = flat_index(group, groups, 0, 1);
  if (plane >= params.planes) { return; }
  let start = plane * params.size;
  var mean = statistics[plane * 2];
  var scale = statistics[plane * 2 + 1];
  if (!GIVEN) {
    var sum = Element();
    for (var first = 0u; first < params.size; first += SPAN) {
      var part = Element();
      for (var i = first + local; i < min(first + SPAN, params.size); i += WORKGROUP * AHEAD) {
        for (var j = 0u; j < AHEAD; j++) {
          let at = i + j * WORKGROUP;
          part += select(Element(), x[start + at], at < params.size);
        }
      }
      sum += part;
    }
    let rough = total(local, vec2f(sum_of(sum), 0.0)).x / params.count;

    var distances = Element();
    var squares = Element();
    for (var first = 0u; first < params.size; first += SPAN) {
      var part = Element();
      var part_squares = Element();
      for (var i = first + local; i < min(first + SPAN, params.size); i += WORKGROUP * AHEAD) {
        for (var j = 0u; j < AHEAD; j++) {
          let at = i + j * WORKGROUP;
          let d = select(Element(), x[start + at] - rough, at < params.size);
          part += d;
          part_squares += d * d;
        }
      }
      distances += part;
      squares += part_squares;
    }
    let means = total(local, vec2f(sum_of(distances), sum_of(squares))) / params.count;
    mean = rough + means.x;
    scale = 1.0 / sqrt(means.y - means.x * means.x + params.eps);
    if (local == 0) {
      statistics[plane * 2] = mean;
      statistics[plane * 2 + 1] = scale;
    }
  }
  if (!APPLIED) { return; }
  for (var i = local; i < params.size; i += WORKGROUP * AHEAD) {
    for (var j = 0u; j < AHEAD; j++) {
      let at = i + j * WORKGROUP;
      let normal = (x[start + at] - mean) * scale;
      var v = through_activation(normal, normal);
      if (RESIDUAL) { v += residual[start + at]; }
      if (at < params.size) { y[start + at] = v; }
    }
  }
}
