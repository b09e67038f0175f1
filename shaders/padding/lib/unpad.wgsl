// The adjoint of reflection padding for a vec4 of a row: every element sums the padded gradient over its copies. Along
// an axis of n, element i was written to i + pad, and to pad - i if 1 <= i <= pad, and to 2 (n - 1) - i + pad if n - 1
// - pad <= i <= n - 2. The order of summation is fixed; elements beyond the end of the row are arbitrary. The file that
// includes this has padded [planes, height + 2 pad, width + 2 pad] and the params.
fn padded_at(at: vec4u) -> vec4f { return vec4f(padded[at.x], padded[at.y], padded[at.z], padded[at.w]); }

fn unpad_row(row: u32, i: u32) -> vec4f {
  let columns = i + vec4u(0, 1, 2, 3);
  var sum = padded_at(row + params.pad + columns);
  for (var c = max(i, 1); c <= min(i + 3, params.pad); c++) {
    sum = select(sum, sum + padded[row + params.pad - c], columns == vec4u(c));
  }
  for (var c = max(i, params.width - 1 - params.pad); c <= i + 3 && c + 1 < params.width; c++) {
    sum = select(sum, sum + padded[row + 2 * (params.width - 1) + params.pad - c], columns == vec4u(c));
  }
  return sum;
}

fn unpad(plane: u32, j: u32, i: u32) -> vec4f {
  let width = params.width + 2 * params.pad;
  let first = plane * (params.height + 2 * params.pad);
  var sum = unpad_row((first + params.pad + j) * width, i);
  if (j >= 1 && j <= params.pad) { sum += unpad_row((first + params.pad - j) * width, i); }
  if (j + 1 + params.pad >= params.height && j + 1 < params.height) {
    sum += unpad_row((first + 2 * (params.height - 1) + params.pad - j) * width, i);
  }
  return sum;
}
