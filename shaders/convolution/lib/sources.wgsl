// Where a padded convolution reads for four coordinates of an axis whose last index is `last`: the nearest index, or
// the mirror image without the edge repeated if REFLECT. Without reflection there is something to read only where that
// is the coordinate itself.
const REFLECT: bool = true; // @tunable

fn sources(i: vec4i, last: i32) -> vec4i {
  return clamp(select(i, last - abs(last - abs(i)), REFLECT), vec4i(), vec4i(last));
}

// The quotients of four neighbours, by one division.
fn quotients(first: u32, by: u32) -> vec4u {
  let q = first / by;
  let rest = first - q * by + vec4u(0, 1, 2, 3);
  return q + vec4u(rest >= vec4u(by)) + vec4u(rest >= vec4u(2 * by)) + vec4u(rest >= vec4u(3 * by));
}
