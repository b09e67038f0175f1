// Winograd's minimal filtering F(M x M, R x R) on input tiles of 6 x 6 (Lavin and Gray, "Fast algorithms for
// convolutional neural networks", 2015, who call the sizes m, r and alpha = m + r - 1): y = A^T [(G w G^T) * (B^T x B)]
// A, an elementwise product of 36 numbers instead of the M^2 R^2 multiplications of the direct algorithm. The
// interpolation points are 0, +-3/4, +-3/2 and infinity: closer together than the usual 0, +-1, +-2, they round about
// half as much (after Barabasz et al., "Error analysis and improving the accuracy of Winograd convolution", 2018), and
// are exact in binary. Each transform is applied to columns, then to rows; pairs of points p, -p share their even and
// odd parts.
const M: u32 = 7 - R;

//#include convolution/lib/winograd_points.wgsl

// Reciprocals of the products of differences of the points.
const N0 = 64.0 / 81.0;
const NA = -128.0 / 243.0;
const NB = 32.0 / 243.0;

// A^T m
fn transform_output(q: Six) -> array<f32, M> {
  let even_a = q[1] + q[2];
  let odd_a = q[1] - q[2];
  let even_b = q[3] + q[4];
  let odd_b = q[3] - q[4];
  var y: array<f32, M>;
  y[0] = q[0] + even_a + even_b;
  y[1] = A * odd_a + B * odd_b;
  y[2] = A2 * even_a + B2 * even_b;
  if (M == 4) { y[M - 1] = A * A2 * odd_a + B * B2 * odd_b; }
  y[M - 1] += q[5];
  return y;
}

// A y, the transpose of the above
fn transform_output_gradient(y: array<f32, M>) -> Six {
  var last = 0.0;
  if (M == 4) { last = y[M - 1]; }
  let even_a = y[0] + A2 * y[2];
  let odd_a = A * (y[1] + A2 * last);
  let even_b = y[0] + B2 * y[2];
  let odd_b = B * (y[1] + B2 * last);
  return Six(y[0], even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, y[M - 1]);
}

// G w
fn transform_weights(w: array<f32, R>) -> Six {
  var last = 0.0;
  if (R == 4) { last = w[R - 1]; }
  let even_a = NA * (w[0] + A2 * w[2]);
  let odd_a = NA * A * (w[1] + A2 * last);
  let even_b = NB * (w[0] + B2 * w[2]);
  let odd_b = NB * B * (w[1] + B2 * last);
  return Six(N0 * w[0], even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, w[R - 1]);
}

// G^T u, the transpose of the above
fn transform_weight_gradient(u: Six) -> array<f32, R> {
  let even_a = NA * (u[1] + u[2]);
  let odd_a = NA * A * (u[1] - u[2]);
  let even_b = NB * (u[3] + u[4]);
  let odd_b = NB * B * (u[3] - u[4]);
  var w: array<f32, R>;
  w[0] = N0 * u[0] + even_a + even_b;
  w[1] = odd_a + odd_b;
  w[2] = A2 * even_a + B2 * even_b;
  if (R == 4) { w[R - 1] = A2 * odd_a + B2 * odd_b; }
  w[R - 1] += u[5];
  return w;
}
