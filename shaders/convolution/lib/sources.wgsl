// Where a padded convolution reads for four coordinates of an axis whose last index is `last`: clamped to the axis, or
// with REFLECT mirrored without repeating the edge. Without it, a result that differs from its coordinate is padding.
const REFLECT: bool = true; // @tunable

fn sources(i: vec4i, last: i32) -> vec4i {
  return clamp(select(i, last - abs(last - abs(i)), REFLECT), vec4i(), vec4i(last));
}

// The quotients of `first` and the next three numbers by `by`, with a single division.
fn quotients(first: u32, by: u32) -> vec4u {
  let q = first / by;
  let rest = first - q * by + vec4u(0, 1, 2, 3);
  return q + vec4u(rest >= vec4u(by)) + vec4u(rest >= vec4u(2 * by)) + vec4u(rest >= vec4u(3 * by));
}
