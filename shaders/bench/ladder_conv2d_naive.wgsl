// Ladder, step 1 of convolution: 3 x 3, stride 1, a border of zeros, one invocation per output, as the formula reads.
// x [in_channels, height, width], w [out_channels, in_channels, 3, 3], y [out_channels, height, width].
// Grid: x = columns / 16, y = rows / 16, both rounded up, z = output channels.

struct Params { in_channels: u32, height: u32, width: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) { return; }
  var sum = 0.0;
  for (var c = 0u; c < params.in_channels; c++) {
    for (var ty = 0u; ty < 3; ty++) {
      for (var tx = 0u; tx < 3; tx++) {
        // One more than the source's row and column, so that neither is negative.
        let sy = id.y + ty;
        let sx = id.x + tx;
        if (sy > 0 && sy <= params.height && sx > 0 && sx <= params.width) {
          let tap = ((id.z * params.in_channels + c) * 3 + ty) * 3 + tx;
          sum += w[tap] * x[(c * params.height + sy - 1) * params.width + sx - 1];
        }
      }
    }
  }
  y[(id.z * params.height + id.y) * params.width + id.x] = sum;
}
