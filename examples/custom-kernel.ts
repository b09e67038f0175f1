// An operator of your own: WGSL text wrapped so that it goes on the tape like any other operator.
// Here it is the cumulative sum of each row (torch.cumsum), which no composition of the engine's operators computes in
// one pass. Its gradient is the same sum from the other end, so it is its own gradient operator, and can be
// differentiated as often as wanted. Run by the tests.
import { defineOperator, grad, kernelFromWgsl, mseLoss, type Operator, openGpu, type Tensor } from "cutgpu";

const cumulativeSum = kernelFromWgsl(
  "cumulative_sum",
  /* wgsl */ `
  struct Params { rows: u32, size: u32, reverse: u32 }
  @group(0) @binding(0) var<storage, read> x: array<f32>;
  @group(0) @binding(1) var<storage, read_write> y: array<f32>;
  @group(0) @binding(2) var<uniform> params: Params;

  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= params.rows) { return; }
    var sum = 0.0;
    for (var i = 0u; i < params.size; i++) {
      let at = id.x * params.size + select(i, params.size - 1 - i, params.reverse == 1);
      sum += x[at];
      y[at] = sum;
    }
  }`,
);

const cumsumOperator: Operator<readonly [x: Tensor], { reverse: boolean }> = defineOperator({
  name: "cumsum",
  shape: ([x]) => x.shape,
  forward(gpu, [x], { reverse }, y) {
    const size = x.shape.at(-1) ?? 1;
    const rows = x.size / size;
    // One invocation sums a row; this simple kernel leaves more than 4 million rows (65535 workgroups of 64) alone.
    gpu.dispatch(cumulativeSum, {
      bindings: { x, y },
      params: { rows, size, reverse: Number(reverse) },
      invocations: rows,
    });
    return undefined;
  },
  gradient: ({ options: { reverse } }, dy) => [cumsumOperator([dy], { reverse: !reverse })],
});

/** Sums of the elements up to each one along the last axis, or of those from it on. */
export const cumsum = (x: Tensor, reverse = false): Tensor => cumsumOperator([x], { reverse });

const gpu = await openGpu();
const x = gpu
  .tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])
  .requireGrad();
const y = cumsum(x);
const [dx] = grad(mseLoss(y, 1), [x]);
export const values = await y.read();
export const gradients = await dx.read();
console.log("cumulative sums", values, "gradient of the loss", gradients);
gpu.dispose();
