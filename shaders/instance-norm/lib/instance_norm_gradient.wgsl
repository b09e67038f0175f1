// dx = (g - mean(g) - xhat * mean(g * xhat)) * rstd of every plane, where xhat = (x - mean) * rstd is recomputed from
// x, and g is dy times the derivative of the activation at xhat. dy, x, dx [planes, size]; statistics [planes, 2] =
// mean, rstd; `size` counts Elements. The file that includes this reads dy, in the first pass and then in the second:
//   first_dy(plane, at, inside) -> Element    `inside` is false for an element beyond the end of the plane
//   second_dy(plane, at) -> Element
@group(0) @binding(1) var<storage, read> x: array<Element>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;

//#include instance-norm/lib/plane.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = flat_index(group, groups, 0, 1);
  if (plane >= params.planes) { return; }
  let start = plane * params.size;
  let mean = statistics[plane * 2];
  let rstd = statistics[plane * 2 + 1];
  var sum = Element();
  var products = Element();
  for (var first = 0u; first < params.size; first += SPAN) {
    var part = Element();
    var part_products = Element();
    for (var i = first + local; i < min(first + SPAN, params.size); i += WORKGROUP * PER_THREAD) {
      for (var j = 0u; j < PER_THREAD; j++) {
        let at = i + j * WORKGROUP;
        // Values beyond the end of the plane are arbitrary, possibly infinite.
        let inside = at < params.size;
        let normal = select(Element(), (x[start + at] - mean) * rstd, inside);
        let g = select(Element(), through_activation(first_dy(plane, at, inside), normal), inside);
        part += g;
        part_products += g * normal;
      }
    }
    sum += part;
    products += part_products;
  }
  let means = total(local, vec2f(sum_of(sum), sum_of(products))) / params.count;
  for (var i = local; i < params.size; i += WORKGROUP * PER_THREAD) {
    for (var j = 0u; j < PER_THREAD; j++) {
      let at = i + j * WORKGROUP;
      let normal = (x[start + at] - mean) * rstd;
      let g = through_activation(second_dy(plane, at), normal);
      if (at < params.size) { dx[start + at] = (g - means.x - normal * means.y) * rstd; }
    }
  }
}
