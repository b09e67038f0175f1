// Gradient of the weights of a convolution of stride 1 to at most four output channels, for GPUs: what
// conv2d_skinny.wgsl is to the convolution.
//   dw[split][m, c, ky, kx] = sum over n, oy, ox of dy[n, m, oy, ox] * x[n, c, oy + ky - pad, ox + kx - pad]
// A workgroup computes COLUMNS kernel columns of one input channel. Its invocations take PIXELS neighbouring pixels of
// a column each, neighbours those of neighbouring columns, and walk over the columns and over the strips of PIXELS
// rows. Their sums are added in workgroup memory.
// Split-K: the strips of the batch are divided into splits, and a second pass sums these in a fixed order. With BIAS
// the weights of each split are followed by the sums of dy by output channel, which are the bias's gradient.
// Layouts: dy [batch, out_channels, out_height, out_width], x [batch, in_channels, in_height, in_width].
// Grid: groups of COLUMNS kernel columns times input channels times splits, flat.
const OUT: u32 = 3; // @tunable output channels: 1 to 4
const KH: u32 = 3; // @tunable height of the kernel: 1 to 7
const KW: u32 = 3; // @tunable
const BIAS: bool = false; // @tunable
// Sums of an invocation for each output channel and column: those of the kernel's rows, and of dy.
const SUMS: u32 = KH + u32(BIAS);
// Kernel columns of a workgroup: the sums of a kernel row are one vec4.
const COLUMNS: u32 = min(KW, 4 / OUT);
const GROUPS: u32 = (KW + COLUMNS - 1) / COLUMNS;

struct Params {
  batch: u32, in_channels: u32, in_height: u32, in_width: u32,
  out_channels: u32, out_height: u32, out_width: u32,
  stride: u32, pad: i32, strips_per_split: u32, split_size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include convolution/lib/window.wgsl

// Eight pixels of dy in each output channel.
alias Gradients = array<Pixels, OUT>;

// Pixels of dy; those from `count` on are zero.
fn gradients_at(first: u32, count: u32) -> Gradients {
  var g: Gradients;
  for (var m = 0u; m < OUT; m++) {
    let at = first + m * params.out_height * params.out_width;
    var near = vec4f();
    var far = vec4f();
    for (var r = 0u; r < 4; r++) {
      near[r] = select(0.0, dy[at + min(r, count - 1) * params.out_width], r < count);
      far[r] = select(0.0, dy[at + min(r + 4, count - 1) * params.out_width], r + 4 < count);
    }
    g[m] = Pixels(near, far);
  }
  return g;
}

fn product(sum: f32, a: Pixels, b: Pixels) -> f32 {
  let near = fma(a.near.x, b.near.x, fma(a.near.y, b.near.y, fma(a.near.z, b.near.z, fma(a.near.w, b.near.w, sum))));
  return fma(a.far.x, b.far.x, fma(a.far.y, b.far.y, fma(a.far.z, b.far.z, fma(a.far.w, b.far.w, near))));
}

// The sums of a kernel row, by output channel and column, plus the products of eight pixels in column `kx`.
fn add_row(sums: vec4f, kx: u32, g: Gradients, p: Pixels) -> vec4f {
  var added = sums;
  for (var m = 0u; m < OUT; m++) { added[m * COLUMNS + kx] = product(sums[m * COLUMNS + kx], g[m], p); }
  return added;
}

// By sum and invocation.
var<workgroup> partials: array<vec4f, SUMS * LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let flat = group.y * groups.x + group.x;
  let split = flat / (GROUPS * params.in_channels);
  let c = flat / GROUPS % params.in_channels;
  let first_column = flat % GROUPS * COLUMNS;
  let with_bias = BIAS && flat % (GROUPS * params.in_channels) == 0;
  let across = (params.out_height + PIXELS - 1) / PIXELS;
  let first = split * params.strips_per_split;
  // A folded grid may be larger than needed. Either all invocations of a workgroup return, or none.
  if (first >= params.batch * across) { return; }

  var total: array<vec4f, 7>;
  var bias: vec4f;
  let end = min(first + params.strips_per_split, params.batch * across);
  for (var strip = first; strip < end; strip++) {
    let n = strip / across;
    let oy = strip % across * PIXELS;
    let rows = rows_from(i32(oy) - params.pad);
    let dy_row = (n * OUT * params.out_height + oy) * params.out_width;
    for (var ox = local; ox < params.out_width; ox += LANES) {
      let g = gradients_at(dy_row + ox, params.out_height - oy);
      if (with_bias) {
        for (var m = 0u; m < OUT; m++) { bias[m] += dot(g[m].near + g[m].far, vec4f(1)); }
      }
      for (var kx = 0u; kx < COLUMNS; kx++) {
        let s = source(i32(ox + first_column + kx) - params.pad, params.in_width, u32(REFLECT));
        if (s.y == 0) { continue; }
        let v = window(n * params.in_channels + c, s, rows);
        var p = Pixels(vec4f(v[0], v[1], v[2], v[3]), vec4f(v[4], v[5], v[6], v[7]));
        total[0] = add_row(total[0], kx, g, p);
        if (KH > 1) { p = next(p, v[8 % WINDOW]); total[1] = add_row(total[1], kx, g, p); }
        if (KH > 2) { p = next(p, v[9 % WINDOW]); total[2] = add_row(total[2], kx, g, p); }
        if (KH > 3) { p = next(p, v[10 % WINDOW]); total[3] = add_row(total[3], kx, g, p); }
        if (KH > 4) { p = next(p, v[11 % WINDOW]); total[4] = add_row(total[4], kx, g, p); }
        if (KH > 5) { p = next(p, v[12 % WINDOW]); total[5] = add_row(total[5], kx, g, p); }
        if (KH > 6) { p = next(p, v[13 % WINDOW]); total[6] = add_row(total[6], kx, g, p); }
      }
    }
  }

  for (var ky = 0u; ky < KH; ky++) { partials[ky * LANES + local] = total[ky]; }
  if (BIAS) { partials[KH * LANES + local] = bias; }
  for (var half = LANES / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (local < half) {
      for (var i = local; i < SUMS * LANES; i += LANES) { partials[i] += partials[i + half]; }
    }
  }
  workgroupBarrier();
  for (var e = local; e < SUMS * OUT * COLUMNS; e += LANES) {
    let m = e / COLUMNS % OUT;
    let kx = first_column + e % COLUMNS;
    let ky = e / (COLUMNS * OUT);
    let row = partials[ky * LANES];
    if (ky < KH) {
      if (kx < KW) {
        dw[split * params.split_size + ((m * params.in_channels + c) * KH + ky) * KW + kx] = row[e % (COLUMNS * OUT)];
      }
    } else if (with_bias && kx == 0) {
      dw[(split + 1) * params.split_size - OUT + m] = row[m];
    }
  }
}
