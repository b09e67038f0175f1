// The weight of an element in an average, for the average and for its gradient.
const EXCLUDE_PAD: bool = false; // @tunable whether padding does not count: count_include_pad = False of PyTorch

// The weight of each element in the average of the window whose first element is at (top, left).
fn weight_of(top: i32, left: i32) -> f32 {
  let rows = min(top + params.kh, params.height) - max(top, 0);
  let columns = min(left + params.kw, params.width) - max(left, 0);
  return 1.0 / f32(select(params.kh * params.kw, rows * columns, EXCLUDE_PAD));
}
