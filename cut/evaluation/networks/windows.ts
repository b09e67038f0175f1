// What feature networks need beside convolutions and have no gradient for: pooling, padding by zeros on chosen sides
// and depth-wise convolution. All are windows that walk over planes, so one kernel does them. For one picture at a
// time: tensors are [1, channels, height, width].
import { defineOperator } from "../../../engine/core/operator.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { kernelFromWgsl } from "../../../engine/device/kernel-from-wgsl.js";

const MODES = { maximum: 0, average: 1, depthwise: 2 } as const;

const windows = kernelFromWgsl(
  "windows",
  /* wgsl */ `
  struct Params {
    planes: u32, height: u32, width: u32, rows: u32, columns: u32,
    taps: u32, stride: u32, top: u32, left: u32, mode: u32,
  }
  @group(0) @binding(0) var<storage, read> x: array<f32>;
  @group(0) @binding(1) var<storage, read> w: array<f32>;
  @group(0) @binding(2) var<storage, read_write> y: array<f32>;
  @group(0) @binding(3) var<uniform> params: Params;

  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = id.x + id.y * groups.x * 64u;
    if (i >= params.planes * params.rows * params.columns) { return; }
    let plane = i / (params.rows * params.columns);
    let row = i / params.columns % params.rows;
    let column = i % params.columns;
    var most = -3.4028234e38;
    var sum = 0.0;
    var count = 0.0;
    for (var ty = 0u; ty < params.taps; ty++) {
      // Below zero these wrap and are beyond the edge, too.
      let line = row * params.stride + ty - params.top;
      for (var tx = 0u; tx < params.taps; tx++) {
        let at = column * params.stride + tx - params.left;
        if (line >= params.height || at >= params.width) { continue; }
        let value = x[(plane * params.height + line) * params.width + at];
        most = max(most, value);
        count += 1.0;
        if (params.mode == 2u) { sum += value * w[(plane * params.taps + ty) * params.taps + tx]; }
        else { sum += value; }
      }
    }
    if (params.mode == 0u) { y[i] = most; }
    else if (params.mode == 1u) { y[i] = sum / max(count, 1.0); }
    else { y[i] = sum; }
  }`,
);

interface Windows {
  mode: keyof typeof MODES;
  taps: number;
  stride: number;
  /** Rows above and columns to the left that are not there; those below and to the right follow from the size. */
  before: readonly [number, number];
  /** Rows and columns of the output. */
  size: readonly [number, number];
}

const windowsOperator = defineOperator<readonly [x: Tensor, w: Tensor], Windows>({
  name: "windows",
  shape: ([x], { size }) => [x.shape[0], x.shape[1], ...size],
  forward(gpu, [x, w], { mode, taps, stride, before, size }, y) {
    const [batch, channels, height, width] = x.shape;
    const [top, left] = before;
    gpu.dispatch(windows, {
      bindings: { x, w, y },
      params: {
        planes: batch * channels,
        height,
        width,
        rows: size[0],
        columns: size[1],
        taps,
        stride,
        top,
        left,
        mode: MODES[mode],
      },
      invocations: y.size,
    });
    return undefined;
  },
});

/** The largest value of every 3 x 3 window; a last one may hang over the edge where `ceil` is set. */
export function maxPool(x: Tensor, { stride = 2, padding = 0, ceil = false } = {}): Tensor {
  const round = ceil ? Math.ceil : Math.floor;
  const out = (size: number) => round((size + 2 * padding - 3) / stride) + 1;
  const size = [out(x.shape[2]), out(x.shape[3])] as const;
  return windowsOperator([x, x], { mode: "maximum", taps: 3, stride, before: [padding, padding], size });
}

/** The mean of every 3 x 3 window around a pixel, over what of it lies inside. */
export function averagePool(x: Tensor): Tensor {
  const size = [x.shape[2], x.shape[3]] as const;
  return windowsOperator([x, x], { mode: "average", taps: 3, stride: 1, before: [1, 1], size });
}

/** Zeros around: `before` rows and columns at the top and left, `after` at the bottom and right. */
export function zeroPad(x: Tensor, before: readonly [number, number], after: readonly [number, number]): Tensor {
  const size = [x.shape[2] + before[0] + after[0], x.shape[3] + before[1] + after[1]] as const;
  return windowsOperator([x, x], { mode: "average", taps: 1, stride: 1, before, size });
}

/**
 * A 3 x 3 convolution of each channel by itself, weights [channels, 1, 3, 3]: with stride 1 and a border of zeros, or
 * with stride 2 and zeros at the bottom and right alone.
 */
export function depthwise(x: Tensor, w: Tensor, stride: 1 | 2): Tensor {
  const out = (size: number) => (stride === 1 ? size : Math.floor((size - 2) / 2) + 1);
  const before = stride === 1 ? ([1, 1] as const) : ([0, 0] as const);
  const size = [out(x.shape[2]), out(x.shape[3])] as const;
  return windowsOperator([x, w], { mode: "depthwise", taps: 3, stride, before, size });
}
