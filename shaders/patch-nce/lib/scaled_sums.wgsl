// The product of a vector in x with a matrix in k, four columns per invocation, for kernels that run all rounds of
// Sinkhorn's iteration in one workgroup per group. SLICES invocations each sum over a part of the rows; their sums are
// added in a fixed order. k and x are arrays of vec4s; patch-nce/lib/transport.wgsl has the layout of k.
const WORKGROUP: u32 = 256; // @tunable
const SLICES: u32 = 4; // @tunable parts of the rows; a divisor of WORKGROUP
const COLUMNS: u32 = WORKGROUP / SLICES;

var<workgroup> partial: array<vec4f, WORKGROUP>;

// The invocation's part of the sums over rows i of x_i M_ij, for the four columns of `column`; M begins at `matrix`, x
// at `vector`.
fn part_of_sums(matrix: u32, vector: u32, vec4s: u32, column: u32, slice: u32) -> vec4f {
  var sum = vec4f(0.0);
  if (column < vec4s) {
    for (var i = slice; i < vec4s; i += SLICES) {
      let factors = x[vector + i];
      let row = matrix + 4 * i * vec4s + column;
      sum += (factors.x * k[row] + factors.y * k[row + vec4s]) +
        (factors.z * k[row + 2 * vec4s] + factors.w * k[row + 3 * vec4s]);
    }
  }
  return sum;
}

// The sums of a column, over the slices in `partial`.
fn sum_of_parts(local: u32) -> vec4f {
  var sum = partial[local];
  for (var slice = 1u; slice < SLICES; slice++) { sum += partial[slice * COLUMNS + local]; }
  return sum;
}
