// Anti-aliased downsampling by 2 (docs/method.md section 2.1; R. Zhang, "Making convolutional networks shift-invariant
// again", 2019): taps [1,2,1]/4 along both axes over x mirrored by one, then every second pixel.
//#include resample/lib/planes.wgsl
//#include resample/lib/source.wgsl

fn mirrored(i: i32, n: u32) -> u32 {
  let a = abs(i);
  return u32(min(a, 2 * (i32(n) - 1) - a));
}

// A row of x filtered at columns k to k + 3 of y. At the end of x the last element's neighbour is its mirror image.
fn row_blur(plane: u32, row: u32, k: u32) -> vec4f {
  let first = (plane * params.height + row) * params.width;
  let a = source(plane, load_x(first + 2 * k));
  let b = source(plane, load_x(first + 2 * k + 4));
  let left = source(plane, vec4f(x[first + mirrored(2 * i32(k) - 1, params.width)]));
  let before = vec4f(left.x, a.yw, b.y);
  let at = 2 * (k + vec4u(0, 1, 2, 3)) + 1;
  let after = select(vec4f(a.yw, b.yw), before, at >= vec4u(params.width));
  return 0.25 * (before + after) + 0.5 * vec4f(a.xz, b.xz);
}

fn compute_y(plane: u32, row: u32, column: u32) -> vec4f {
  let j = 2 * i32(row);
  let above = row_blur(plane, mirrored(j - 1, params.height), column);
  let here = row_blur(plane, u32(j), column);
  let below = row_blur(plane, mirrored(j + 1, params.height), column);
  return 0.25 * (above + below) + 0.5 * here;
}
