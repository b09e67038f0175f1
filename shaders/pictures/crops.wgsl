// Square crops of a picture, each resampled with its own windows, as in cut/data/resize.ts: in fixed point on 8-bit
// samples, first along rows and then along columns, each result rounded and clamped to 8 bits. All arithmetic is on
// integers, and floats come from a table, so results equal a CPU's to the bit. One pixel of y per invocation, which
// resamples every row that its column needs: with a bilinear filter each row is resampled for about two pixels.
// picture [height, width]: up to four samples of 8 bits, the first in the lowest; y [squares, channels, side, side].
// windows [squares, 2, side, 2 + taps]: for columns, then for rows, the first sample, the number of taps, the weights.
const WORKGROUP: u32 = 64;
const PRECISION: u32 = 22;

struct Params { squares: u32, channels: u32, side: u32, taps: u32, width: u32 }

@group(0) @binding(0) var<storage, read> picture: array<u32>;
@group(0) @binding(1) var<storage, read> windows: array<i32>;
@group(0) @binding(2) var<storage, read> levels: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/index.wgsl

// Offset of the window of a column (axis 0) or a row (axis 1).
fn window_at(square: u32, axis: u32, position: u32) -> u32 {
  return ((2 * square + axis) * params.side + position) * (2 + params.taps);
}

fn rounded(sum: vec4i) -> vec4i {
  return clamp((sum + (1 << (PRECISION - 1))) >> vec4u(PRECISION), vec4i(), vec4i(255));
}

// The resampled row at a column.
fn resampled(row: u32, column: u32) -> vec4i {
  let first = row * params.width + u32(windows[column]);
  var sum = vec4i();
  for (var k: u32 = 0; k < u32(windows[column + 1]); k++) {
    let samples = (vec4u(picture[first + k]) >> vec4u(0, 8, 16, 24)) & vec4u(255);
    sum += windows[column + 2 + k] * vec4i(samples);
  }
  return rounded(sum);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, WORKGROUP);
  let area = params.side * params.side;
  let square = at / area;
  if (square >= params.squares) { return; }
  let column = window_at(square, 0, at % params.side);
  let row = window_at(square, 1, at % area / params.side);
  let first = u32(windows[row]);
  var sum = vec4i();
  for (var k: u32 = 0; k < u32(windows[row + 1]); k++) {
    sum += windows[row + 2 + k] * resampled(first + k, column);
  }
  let samples = rounded(sum);
  for (var c: u32 = 0; c < params.channels; c++) {
    y[(square * params.channels + c) * area + at % area] = levels[samples[c]];
  }
}
