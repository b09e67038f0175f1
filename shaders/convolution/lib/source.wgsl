// Where a padded convolution reads for coordinate i of an axis of n elements: x = the index, y = 1 if the element
// counts, 0 if it is zero padding. If `reflect` is 1, coordinates outside are mirrored without repeating the edge.
fn source(i: i32, n: u32, reflect: u32) -> vec2u {
  let last = i32(n) - 1;
  let s = clamp(select(i, last - abs(last - abs(i)), reflect == 1), 0, last);
  return vec2u(u32(s), u32(reflect == 1 || s == i));
}
