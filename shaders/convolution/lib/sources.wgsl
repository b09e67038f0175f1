// Where a padded convolution reads for four coordinates of an axis whose last index is `last`: the nearest index, or
// the mirror image without the edge repeated if `reflect` is 1. Without reflection there is something to read only
// where that is the coordinate itself.
fn sources(i: vec4i, last: i32, reflect: u32) -> vec4i {
  return clamp(select(i, last - abs(last - abs(i)), reflect == 1), vec4i(), vec4i(last));
}
