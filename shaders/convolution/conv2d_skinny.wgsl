// Convolution of stride 1 to at most four output channels, for GPUs. A tile of a matrix product has too few rows there:
// each element that it stages would serve only as many multiply-adds as there are channels.
// An invocation computes all channels of PIXELS neighbouring pixels of a column, and neighbouring invocations those of
// neighbouring columns, so that loads are contiguous. For each input channel and kernel column it loads a window of x,
// whose elements serve the whole kernel column. Weights are staged in workgroup memory, for CHANNELS input channels at
// a time. The kernel's rows are written out, since an index into the window that is not constant would keep it in
// memory instead of registers.
// Split-K: the input channels are split, and a second pass sums the results.
// Layouts: x [batch, in_channels, in_height, in_width], y [splits, batch, out_channels, out_height, out_width], w by
// strides.
// Grid: groups of LANES columns of pixels times batch times splits, flat.
const OUT: u32 = 3; // @tunable output channels: 1 to 4
const CHANNELS: u32 = 1; // @tunable
const KH: u32 = 3; // @tunable height of the kernel: 1 to 7
const KW: u32 = 3; // @tunable

//#include convolution/lib/geometry.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include convolution/lib/window.wgsl

// By input channel, kernel column and kernel row: the weights of the output channels.
var<workgroup> weights: array<vec4f, CHANNELS * KW * KH>;

alias Totals = array<Pixels, OUT>;
alias TotalsPointer = ptr<function, Totals>;

// Adds the products of kernel row `ky` in kernel column `column` of the staged channels. The remainders prove to Tint
// that the index is within bounds.
fn add_row(ky: u32, column: u32, p: Pixels, total: TotalsPointer) {
  let weight = weights[column % (CHANNELS * KW) * KH + ky % KH];
  for (var m = 0u; m < OUT; m++) {
    (*total)[m].near += weight[m] * p.near;
    (*total)[m].far += weight[m] * p.far;
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let across = ((params.rows + PIXELS - 1) / PIXELS * params.columns + LANES - 1) / LANES;
  let flat = group.y * groups.x + group.x;
  let z = flat / across;
  let n = z % params.batch;
  let begin = z / params.batch * params.channels_per_split;
  let end = min(begin + params.channels_per_split, params.in_channels);
  // A folded grid may be larger than needed. Either all invocations of a workgroup return, or none.
  if (begin >= end) { return; }

  let index = (flat - z * across) * LANES + local;
  let oy = index / params.columns * PIXELS;
  let ox = index % params.columns;
  let rows = rows_from(i32(oy) - params.pad_y);

  var total: Totals;
  for (var first = begin; first < end; first += CHANNELS) {
    let channels = min(CHANNELS, end - first);
    workgroupBarrier();
    for (var e = local; e < channels * KW * KH; e += LANES) {
      let c = i32(first + e / (KW * KH)) * params.w_c;
      let at = params.w_base + c + i32(e / KH % KW) * params.w_kx + i32(e % KH) * params.w_ky;
      var weight = vec4f();
      for (var m = 0u; m < OUT; m++) { weight[m] = w[at + i32(m) * params.w_m]; }
      weights[e] = weight;
    }
    workgroupBarrier();
    // By u32() engine/device/unroll.ts leaves the loop alone: written out, it takes lavapipe 20 s to compile.
    for (var kx = 0u; kx < u32(KW); kx++) {
      let column = source(i32(ox + kx) - params.pad_x, params.in_width, u32(REFLECT));
      for (var c = 0u; c < channels; c++) {
        let v = window(n * params.in_channels + first + c, column, rows);
        let k = c * KW + kx;
        var p = Pixels(vec4f(v[0], v[1], v[2], v[3]), vec4f(v[4], v[5], v[6], v[7]));
        add_row(0, k, p, &total);
        if (KH > 1) { p = next(p, v[8 % WINDOW]); add_row(1, k, p, &total); }
        if (KH > 2) { p = next(p, v[9 % WINDOW]); add_row(2, k, p, &total); }
        if (KH > 3) { p = next(p, v[10 % WINDOW]); add_row(3, k, p, &total); }
        if (KH > 4) { p = next(p, v[11 % WINDOW]); add_row(4, k, p, &total); }
        if (KH > 5) { p = next(p, v[12 % WINDOW]); add_row(5, k, p, &total); }
        if (KH > 6) { p = next(p, v[13 % WINDOW]); add_row(6, k, p, &total); }
      }
    }
  }

  let bottom = min(oy + PIXELS, params.rows);
  for (var m = 0u; m < OUT; m++) {
    var p = total[m];
    let b = select(0.0, bias[m], params.has_bias == 1 && z < params.batch);
    for (var row = oy; row < bottom; row++) {
      let line = (z * OUT + m) * params.out_height + row * params.out_step + params.out_y;
      y[line * params.out_width + ox * params.out_step + params.out_x] = p.near.x + b;
      p = next(p, 0);
    }
  }
}
