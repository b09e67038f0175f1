// The adjoint of blur_down. Along an axis, x[k] enters y[i] by 1/2 if i = 2k, and by 1/4 for each of i = 2k - 1 and
// i = 2k + 1 after mirroring. So even i has one source and odd i two; i = 1 counts x[0] twice, and where n is odd
// i = n - 2 counts the last x twice.
//#include resample/lib/planes.wgsl

// Of y's shape: if `gated` is 1, y is multiplied by `slope` where the mask is not positive: a ReLU's gradient.
@group(0) @binding(2) var<storage, read> mask: array<f32>;

// Weight of x[k] in y[i] for an odd i of an axis of n: x = weight of x[i / 2], y = weight of x[i / 2 + 1].
fn weights(i: u32, n: u32, sources: u32) -> vec2f {
  // The mirror images of y[1] at -1 and of y[n - 2] at n.
  let w = vec2f(select(0.25, 0.5, i == 1), select(0.25, 0.5, n % 2 == 1 && i == n - 2));
  return select(w, vec2f(w.x, 0.0), i / 2 + 1 >= sources);
}

// A row's sums for y[i] to y[i + 3]; i is a multiple of 4.
fn row_sum(row: u32, i: u32) -> vec4f {
  let k = row + i / 2;
  let v = vec3f(x[k], x[k + 1], x[k + 2]);
  let a = weights(i + 1, params.out_width, params.width);
  let b = weights(i + 3, params.out_width, params.width);
  // Values beyond the end of the row are arbitrary, possibly infinite.
  let middle = select(0.0, a.y * v.y, a.y > 0.0);
  let last = select(0.0, b.y * v.z, b.y > 0.0);
  return vec4f(0.5 * v.x, a.x * v.x + middle, 0.5 * v.y, b.x * v.y + last);
}

fn compute_y(plane: u32, row: u32, column: u32) -> vec4f {
  let first = (plane * params.height + row / 2) * params.width;
  let odd = weights(row, params.out_height, params.height);
  let w = select(odd, vec2f(0.5, 0.0), row % 2 == 0);
  var sum = w.x * row_sum(first, column);
  if (w.y > 0.0) { sum += w.y * row_sum(first + params.width, column); }
  if (params.gated == 1) {
    let at = (plane * params.out_height + row) * params.out_width + column;
    let positive = vec4f(mask[at], mask[at + 1], mask[at + 2], mask[at + 3]) > vec4f();
    sum = select(params.slope * sum, sum, positive);
  }
  return sum;
}
