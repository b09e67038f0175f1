// Where a padded convolution reads for four coordinates of an axis whose last index is `last`: the nearest index, or
// the mirror image without the edge repeated if `reflect` is 1. Without reflection there is something to read only
// where that is the coordinate itself.
fn sources(i: vec4i, last: i32, reflect: u32) -> vec4i {
  return clamp(select(i, last - abs(last - abs(i)), reflect == 1), vec4i(), vec4i(last));
}

// The quotients of four neighbours, by one division.
fn quotients(first: u32, by: u32) -> vec4u {
  let q = first / by;
  let r = first - q * by;
  let one = select(0u, 1u, r + 1 == by);
  let r1 = select(r + 1, 0u, r + 1 == by);
  let two = one + select(0u, 1u, r1 + 1 == by);
  let r2 = select(r1 + 1, 0u, r1 + 1 == by);
  let three = two + select(0u, 1u, r2 + 1 == by);
  return q + vec4u(0, one, two, three);
}
