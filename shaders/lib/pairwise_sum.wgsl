// Sums one value per invocation of a workgroup, pairwise in a fixed order. The file that includes this defines:
//   WORKGROUP                                      invocations of the workgroup, a power of two
//   var<workgroup> partial: array<T, WORKGROUP>    the values, f32 or a vector; afterwards partial[0] is the sum
fn sum_partials(local: u32) {
  workgroupBarrier();
  for (var half = WORKGROUP / 2; half > 0; half /= 2) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
}
