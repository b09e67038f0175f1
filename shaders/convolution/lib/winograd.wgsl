// Winograd's minimal filtering F(M x M, R x R) on input tiles of ALPHA x ALPHA (Lavin and Gray, "Fast algorithms for
// convolutional neural networks", 2015, who call the sizes m, r and alpha = m + r - 1): y = A^T [(G w G^T) * (B^T x B)]
// A, an elementwise product of ALPHA^2 numbers instead of the M^2 R^2 multiplications of the direct algorithm. A and G
// evaluate polynomials at the interpolation points. Each transform is applied to columns, then to rows; pairs of points
// p, -p share their even and odd parts.
const M: u32 = ALPHA + 1 - R;

//#include convolution/lib/winograd_points.wgsl

// Reciprocals of the products of differences of the points.
const N0 = 1.0 / (A2 * B2 * select(1.0, -C2, ALPHA == 8));
const NA = 0.5 / (A2 * (A2 - B2) * select(1.0, A2 - C2, ALPHA == 8));
const NB = 0.5 / (B2 * (B2 - A2) * select(1.0, B2 - C2, ALPHA == 8));
const NC = 0.5 / (C2 * (C2 - A2) * (C2 - B2));

// Coefficients of a polynomial, constant term first; those that it does not have are zeros.
alias Polynomial = array<f32, 6>;

// Its values at the points; that at infinity is the leading coefficient, which is given.
fn values(c: Polynomial, leading: f32) -> Line {
  let even_a = c[0] + A2 * (c[2] + A2 * c[4]);
  let odd_a = A * (c[1] + A2 * (c[3] + A2 * c[5]));
  let even_b = c[0] + B2 * (c[2] + B2 * c[4]);
  let odd_b = B * (c[1] + B2 * (c[3] + B2 * c[5]));
  var line: Line;
  line[0] = c[0];
  line[1] = even_a + odd_a;
  line[2] = even_a - odd_a;
  line[3] = even_b + odd_b;
  line[4] = even_b - odd_b;
  if (ALPHA == 8) {
    let even_c = c[0] + C2 * (c[2] + C2 * c[4]);
    let odd_c = C * (c[1] + C2 * (c[3] + C2 * c[5]));
    line[ALPHA - 3] = even_c + odd_c;
    line[ALPHA - 2] = even_c - odd_c;
  }
  line[ALPHA - 1] = leading;
  return line;
}

// The transpose of the above, except for the point at infinity.
fn moments(line: Line) -> Polynomial {
  let even_a = line[1] + line[2];
  let odd_a = A * (line[1] - line[2]);
  let even_b = line[3] + line[4];
  let odd_b = B * (line[3] - line[4]);
  var c = Polynomial(
    line[0] + even_a + even_b, odd_a + odd_b,
    A2 * even_a + B2 * even_b, A2 * odd_a + B2 * odd_b,
    A2 * A2 * even_a + B2 * B2 * even_b, A2 * A2 * odd_a + B2 * B2 * odd_b,
  );
  if (ALPHA == 8) {
    let even_c = line[ALPHA - 3] + line[ALPHA - 2];
    let odd_c = C * (line[ALPHA - 3] - line[ALPHA - 2]);
    c[0] += even_c;
    c[1] += odd_c;
    c[2] += C2 * even_c;
    c[3] += C2 * odd_c;
    c[4] += C2 * C2 * even_c;
    c[5] += C2 * C2 * odd_c;
  }
  return c;
}

// The points' reciprocals times a line, for the weights' transforms.
fn scaled(line: Line) -> Line {
  var s = line;
  s[0] *= N0;
  s[1] *= NA;
  s[2] *= NA;
  s[3] *= NB;
  s[4] *= NB;
  if (ALPHA == 8) {
    s[ALPHA - 3] *= NC;
    s[ALPHA - 2] *= NC;
  }
  return s;
}

// A^T m
fn transform_output(q: Line) -> array<f32, M> {
  let c = moments(q);
  var y: array<f32, M>;
  for (var i = 0u; i < M; i++) { y[i] = c[i]; }
  y[M - 1] += q[ALPHA - 1];
  return y;
}

// A y, the transpose of the above
fn transform_output_gradient(y: array<f32, M>) -> Line {
  var c = Polynomial();
  for (var i = 0u; i < M; i++) { c[i] = y[i]; }
  return values(c, y[M - 1]);
}

// G w
fn transform_weights(w: array<f32, R>) -> Line {
  var c = Polynomial();
  for (var i = 0u; i < R; i++) { c[i] = w[i]; }
  return scaled(values(c, w[R - 1]));
}

// G^T u, the transpose of the above
fn transform_weight_gradient(u: Line) -> array<f32, R> {
  let c = moments(scaled(u));
  var w: array<f32, R>;
  for (var i = 0u; i < R; i++) { w[i] = c[i]; }
  w[R - 1] += u[ALPHA - 1];
  return w;
}
