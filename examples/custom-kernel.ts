// An operator of your own: WGSL text for the value and for the gradient, wrapped so that it goes on the tape like any
// other.
// Here it is SiLU, x * sigmoid(x), which the engine does not have. Run by the tests.
import { defineOperator, grad, kernelFromWgsl, mseLoss, openGpu, type Tensor } from "cutgpu";

const bindings = (...names: string[]) =>
  names
    .map((name, i) => {
      const access = i === names.length - 1 ? "read_write" : "read";
      return `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<f32>;`;
    })
    .join("\n");

const silu = kernelFromWgsl(
  "silu",
  /* wgsl */ `
  struct Params { size: u32 }
  ${bindings("x", "y")}
  @group(0) @binding(2) var<uniform> params: Params;

  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= params.size) { return; }
    y[id.x] = x[id.x] / (1.0 + exp(-x[id.x]));
  }`,
);

const siluGradient = kernelFromWgsl(
  "silu_gradient",
  /* wgsl */ `
  struct Params { size: u32 }
  ${bindings("x", "dy", "dx")}
  @group(0) @binding(3) var<uniform> params: Params;

  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= params.size) { return; }
    let s = 1.0 / (1.0 + exp(-x[id.x]));
    dx[id.x] = dy[id.x] * s * (1.0 + x[id.x] * (1.0 - s));
  }`,
);

/** A workgroup does 64 elements; this simple kernel leaves grids beyond 65535 workgroups (4 million elements) alone. */
const groups = (x: Tensor) => Math.ceil(x.size / 64);

const siluOperator = defineOperator<readonly [x: Tensor], object>({
  name: "silu",
  shape: ([x]) => x.shape,
  forward(gpu, [x], _options, y) {
    gpu.dispatch(silu, { bindings: { x, y }, params: { size: x.size }, grid: groups(x) });
    return undefined;
  },
  gradient({ gpu, inputs: [x] }, dy) {
    const dx = gpu.empty(x.shape);
    gpu.dispatch(siluGradient, { bindings: { x, dy, dx }, params: { size: x.size }, grid: groups(x) });
    return [dx];
  },
});

/** x * sigmoid(x), of any shape. Can be differentiated once. */
export const siluOf = (x: Tensor): Tensor => siluOperator([x], {});

const gpu = await openGpu();
const x = gpu.tensor([-2, -1, 0, 1, 2]).requireGrad();
const y = siluOf(x);
const [dx] = grad(mseLoss(y, 1), [x]);
export const values = await y.read();
export const gradients = await dx.read();
console.log("silu", values, "gradient of the loss", gradients);
gpu.dispose();
