// The adjoint of blur_down. Along an axis, x[i] enters y[k] by 1/2 if i = 2k, and by 1/4 for each of i = 2k - 1 and
// i = 2k + 1 after mirroring. So even i has one source, odd i two; i = 1 counts y[0] twice, as does i = n - 2 the last
// y where n is odd. dy [planes, out_height, out_width] -> dx [planes, height, width]. One strip of dx per invocation.

struct Params { planes: u32, height: u32, width: u32, out_height: u32, out_width: u32 }

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/strip.wgsl

// Weight of y[k] in x[i] for an axis of n: x = weight of y[i / 2], y = weight of y[i / 2 + 1].
fn weights(i: u32, n: u32, out: u32) -> vec2f {
  if (i % 2 == 0) { return vec2f(0.5, 0.0); }
  let k = i / 2;
  var w = vec2f(0.25, select(0.0, 0.25, k + 1 < out));
  // The mirror images of x[1] at -1 and of x[n - 2] at n.
  if (i == 1) { w.x += 0.25; }
  if (n % 2 == 1 && i == n - 2) { w.y += 0.25; }
  return w;
}

fn row_sum(row: u32, k: u32, w: vec2f) -> f32 {
  var sum = w.x * dy[row + k];
  if (w.y > 0.0) { sum += w.y * dy[row + k + 1]; }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let strip = strip_of(group, groups, local, params.height, params.width);
  if (strip.plane >= params.planes) { return; }
  let wy = weights(strip.row, params.height, params.out_height);
  let row = (strip.plane * params.out_height + strip.row / 2) * params.out_width;
  let to = (strip.plane * params.height + strip.row) * params.width;
  for (var i = strip.column; i < strip.end; i++) {
    let wx = weights(i, params.width, params.out_width);
    var sum = wy.x * row_sum(row, i / 2, wx);
    if (wy.y > 0.0) { sum += wy.y * row_sum(row + params.out_width, i / 2, wx); }
    dx[to + i] = sum;
  }
}
