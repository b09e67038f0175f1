// The adjoint of padding: each element of y sums the padded gradient over all its copies, in a fixed order.
// padded [planes, height + 2 pad, width + 2 pad] -> y [planes, height, width].
const REFLECT: bool = true; // @tunable else replication
const ACCUMULATE: bool = false; // @tunable whether the result is added to y

struct Params { planes: u32, height: u32, width: u32, pad: u32 }

@group(0) @binding(0) var<storage, read> padded: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include padding/lib/unpad.wgsl

// Replication copied an element to its own position, and an edge to all the padding next to it.
fn gather_row(row: u32, i: u32) -> vec4f {
  let columns = i + vec4u(0, 1, 2, 3);
  var sum = padded_at(row + params.pad + columns);
  for (var k = 0u; k < params.pad; k++) {
    if (i == 0) { sum.x += padded[row + k]; }
    let copy = padded[row + params.pad + params.width + k];
    sum = select(sum, sum + copy, columns + 1 == vec4u(params.width));
  }
  return sum;
}

fn gather(plane: u32, j: u32, i: u32) -> vec4f {
  let width = params.width + 2 * params.pad;
  let first = plane * (params.height + 2 * params.pad);
  var sum = gather_row((first + params.pad + j) * width, i);
  for (var k = 0u; k < params.pad; k++) {
    if (j == 0) { sum += gather_row((first + k) * width, i); }
    if (j + 1 == params.height) { sum += gather_row((first + params.pad + params.height + k) * width, i); }
  }
  return sum;
}

fn y_size() -> vec3u { return vec3u(params.planes, params.height, params.width); }

fn compute_y(plane: u32, row: u32, column: u32) -> vec4f {
  var sum: vec4f;
  if (REFLECT) {
    sum = unpad(plane, row, column);
  } else {
    sum = gather(plane, row, column);
  }
  if (ACCUMULATE) { sum += load_y((plane * params.height + row) * params.width + column); }
  return sum;
}

//#include lib/vec4_rows.wgsl
