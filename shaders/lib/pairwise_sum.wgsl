// The sum of what the invocations of a workgroup hold, pairwise in a fixed order. The file that includes this says:
//   WORKGROUP                                      invocations of the workgroup, a power of two
//   var<workgroup> partial: array<T, WORKGROUP>    the invocations' parts, f32 or a vector; partial[0] is then the sum
fn sum_partials(local: u32) {
  workgroupBarrier();
  for (var half = WORKGROUP / 2; half > 0; half /= 2) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
}
