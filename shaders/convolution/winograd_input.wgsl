// Winograd's transform of the input of a convolution of stride 1 (see shaders/convolution/lib/winograd.wgsl):
//   v[f, c, t] = (B^T d B)[f]
// where d is the 6 x 6 window of channel c that tile t of the output, out x out, needs.
// Layouts: x [batch, channels, in_height, in_width], zero or mirrored outside; v [36, channels, tiles_stride], with
// zeros for the tiles that only fill the stride up. One window per invocation (see
// shaders/convolution/lib/winograd_tile.wgsl).
struct Params {
  batch: u32, channels: u32, in_height: u32, in_width: u32,
  tiles_y: u32, tiles_x: u32, tiles_stride: u32, out: u32, pad_y: i32, pad_x: i32, reflect: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> v: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include convolution/lib/source.wgsl
//#include convolution/lib/winograd_points.wgsl
//#include convolution/lib/winograd_tile.wgsl

// B^T d
fn transform_input(d: Six) -> Six {
  let even_a = d[4] - B2 * d[2];
  let odd_a = A * (d[3] - B2 * d[1]);
  let even_b = d[4] - A2 * d[2];
  let odd_b = B * (d[3] - A2 * d[1]);
  return Six(
    A2 * B2 * d[0] - (A2 + B2) * d[2] + d[4],
    even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b,
    A2 * B2 * d[1] - (A2 + B2) * d[3] + d[5],
  );
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let tile = tile_of(group, groups, local);
  if (tile.number >= params.tiles_stride || tile.channel >= params.channels) { return; }
  let top = i32(tile.y * params.out) - params.pad_y;
  let left = i32(tile.x * params.out) - params.pad_x;

  var rows: array<Six, 6>;
  let image = (min(tile.image, params.batch - 1) * params.channels + tile.channel) * params.in_height;
  let bottom = top + 6;
  for (var y = top; y < bottom; y++) {
    let sy = source(y, params.in_height, params.reflect);
    let row = (image + sy.x) * params.in_width;
    var d = Six();
    for (var j = 0u; j < 6; j++) {
      let sx = source(left + i32(j), params.in_width, params.reflect);
      d[j] = select(0.0, x[row + sx.x], sy.y * sx.y == 1 && tile.image < params.batch);
    }
    for (var r = 0u; r < 5; r++) { rows[r] = rows[r + 1]; }
    rows[5] = transform_input(d);
  }
  let end = tile.first + 6 * tile.plane;
  for (var at = tile.first; at < end; at += tile.plane) {
    let column = transform_input(Six(rows[0][0], rows[1][0], rows[2][0], rows[3][0], rows[4][0], rows[5][0]));
    for (var r = 0u; r < 6; r++) {
      v[at + r * 6 * tile.plane] = column[r];
      rows[r] = rotated(rows[r]);
    }
  }
}
