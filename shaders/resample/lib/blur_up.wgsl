// Anti-aliased upsampling by 2 (docs/method.md section 2.1), bilinear with half-pixel centres: along both axes
// y[2k] = x[k-1]/4 + 3 x[k]/4 and y[2k+1] = 3 x[k]/4 + x[k+1]/4, indices clamped to the edge.
//#include resample/lib/planes.wgsl
//#include resample/lib/source.wgsl

// A row of x filtered at columns 2k to 2k + 3 of y.
fn row_blur(plane: u32, row: u32, k: u32) -> vec4f {
  let first = (plane * params.height + row) * params.width;
  let at = first + min(vec4u(max(k, 1) - 1, k, k + 1, k + 2), vec4u(params.width - 1));
  let v = source(plane, vec4f(x[at.x], x[at.y], x[at.z], x[at.w]));
  return 0.75 * v.yyzz + 0.25 * v.xzyw;
}

fn compute_y(plane: u32, row: u32, column: u32) -> vec4f {
  let j = row / 2;
  // The row with the weight 1/4.
  let other = select(min(j + 1, params.height - 1), max(j, 1) - 1, row % 2 == 0);
  let near = row_blur(plane, j, column / 2);
  let far = row_blur(plane, other, column / 2);
  return 0.75 * near + 0.25 * far;
}
