// The adjoint of blur_up. Along an axis, y[k] entered x[2k] and x[2k+1] by 3/4, x[2k-1] and x[2k+2] by 1/4; at an edge
// the quarter that would come from outside is the edge's own.
//#include resample/lib/planes.wgsl

// A row's sums for y[k] to y[k + 3].
fn row_sum(row: u32, k: u32) -> vec4f {
  let columns = k + vec4u(0, 1, 2, 3);
  let first = columns == vec4u();
  let last = columns == vec4u(params.out_width - 1);
  let a = load_x(row + 2 * k);
  let b = load_x(row + 2 * k + 4);
  let before = vec4f(x[row + max(2 * k, 1) - 1], a.yw, b.y);
  let after = vec4f(a.z, b.xz, x[row + 2 * k + 8]);
  var sum = select(vec4f(0.75), vec4f(1.0), first) * vec4f(a.xz, b.xz)
    + select(vec4f(0.75), vec4f(1.0), last) * vec4f(a.yw, b.yw);
  sum = select(sum + 0.25 * before, sum, first);
  return select(sum + 0.25 * after, sum, last);
}

fn compute_y(plane: u32, row: u32, column: u32) -> vec4f {
  let width = params.width;
  let at = (plane * params.height + 2 * row) * width;
  let first = row == 0;
  let last = row == params.out_height - 1;
  var sum = select(0.75, 1.0, first) * row_sum(at, column) + select(0.75, 1.0, last) * row_sum(at + width, column);
  if (!first) { sum += 0.25 * row_sum(at - width, column); }
  if (!last) { sum += 0.25 * row_sum(at + 2 * width, column); }
  return sum;
}
