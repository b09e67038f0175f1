// y = activation((x - mean) * rstd) [+ residual] of every plane, with rstd = 1 / sqrt(variance + eps). The statistics
// are computed and stored, or, where the output is recomputed, read. They take two passes: the variance is the mean of
// squared distances from the mean (E[x^2] - E[x]^2 cancels), biased as in PyTorch's instance norm. The second pass also
// sums the distances themselves, which corrects the rounding error of the mean (Chan, Golub and LeVeque, 1983).
// x, residual, y [planes, size]; statistics [planes, 2] = mean, rstd; `size` counts Elements.
const RESIDUAL: bool = false; // @tunable whether the residual is added
const STATS_GIVEN: bool = false; // @tunable whether the statistics are read, not computed
const WRITE_Y: bool = true; // @tunable whether y is written, not the statistics alone

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
  var rstd = statistics[plane * 2 + 1];
  if (!STATS_GIVEN) {
    var sum = Element();
    for (var first = 0u; first < params.size; first += SPAN) {
      var part = Element();
      for (var i = first + local; i < min(first + SPAN, params.size); i += WORKGROUP * PER_THREAD) {
        for (var j = 0u; j < PER_THREAD; j++) {
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
      for (var i = first + local; i < min(first + SPAN, params.size); i += WORKGROUP * PER_THREAD) {
        for (var j = 0u; j < PER_THREAD; j++) {
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
    rstd = 1.0 / sqrt(means.y - means.x * means.x + params.eps);
    if (local == 0) {
      statistics[plane * 2] = mean;
      statistics[plane * 2 + 1] = rstd;
    }
  }
  if (!WRITE_Y) { return; }
  for (var i = local; i < params.size; i += WORKGROUP * PER_THREAD) {
    for (var j = 0u; j < PER_THREAD; j++) {
      let at = i + j * WORKGROUP;
      let normal = (x[start + at] - mean) * rstd;
      var v = through_activation(normal, normal);
      if (RESIDUAL) { v += residual[start + at]; }
      if (at < params.size) { y[start + at] = v; }
    }
  }
}
