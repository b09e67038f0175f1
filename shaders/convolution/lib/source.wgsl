// Where a padded convolution reads for coordinate i of an axis of n elements: x = the index, y = 1 if there is
// something to read. Outside there is nothing (zero padding), or the mirror image without the edge repeated if
// `reflect` is 1.
fn source(i: i32, n: u32, reflect: u32) -> vec2u {
  let last = i32(n) - 1;
  if (reflect == 1) {
    let mirrored = abs(i);
    return vec2u(u32(max(0, min(mirrored, 2 * last - mirrored))), 1);
  }
  return vec2u(u32(clamp(i, 0, last)), select(0u, 1u, i >= 0 && i <= last));
}
