// Where a padded convolution reads for coordinate i of an axis of n elements: x = the index, y = 1 if there is
// something to read. Outside there is nothing (zero padding), or the mirror image without the edge repeated if
// `reflect` is 1.
fn source(i: i32, n: u32, reflect: u32) -> vec2u {
  let last = i32(n) - 1;
  let s = clamp(select(i, last - abs(last - abs(i)), reflect == 1), 0, last);
  return vec2u(u32(s), u32(reflect == 1 || s == i));
}
