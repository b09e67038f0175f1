// How much an element counts in an average, for the average and for its gradient.
const EXCLUDE_PAD: bool = false; // @tunable whether elements of the border do not count

// The share of an element in the average of a window that begins at (top, left).
fn share(top: i32, left: i32) -> f32 {
  let rows = min(top + params.kernel_h, params.height) - max(top, 0);
  let columns = min(left + params.kernel_w, params.width) - max(left, 0);
  return 1.0 / f32(select(params.kernel_h * params.kernel_w, rows * columns, EXCLUDE_PAD));
}
