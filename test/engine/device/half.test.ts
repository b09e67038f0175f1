// Tensors stored as f16, and how the text of kernels is rewritten for them. What operators make of them is in
// test/operators/half.test.ts.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../../engine/autograd.js";
import { withHalves } from "../../../engine/device/half.js";
import { concat, linear, mean, mul, slice } from "../../../engine/index.js";
import { openGpu, requestAdapter } from "../../../engine/open/node.js";
import { cast } from "../../../engine/operators/selection/index.js";
import { record } from "../../../engine/program/program.js";
import { halfGpu, messageOf, rejectionOf, testGpu } from "../../support/gpu.js";
import { onHalves } from "../../support/half.js";

/** Rewrites a function of the bindings x and y, both arrays of `type`. */
function rewritten(text: string, type: string, names = ["x", "y"]): string[] {
  const declared = [
    `@group(0) @binding(0) var<storage, read> x: array<${type}>;`,
    `@group(0) @binding(1) var<storage, read_write> y: array<${type}>;`,
  ];
  return withHalves([...declared, text].join("\n"), names).split("\n");
}
const body = (text: string, type: string) => rewritten(text, type).slice(2).join("\n");

test("what is read is widened, what is assigned is rounded", () => {
  assert.is(body("fn f(i: u32) { y[i] = x[i] * 2.0; }", "f32"), "fn f(i: u32) { y[i] = f16(f32(x[i]) * 2.0); }");
  assert.is(
    body("fn f(i: u32) { y[i] += x[i]; }", "vec4f"),
    "fn f(i: u32) { y[i] = vec4h(vec4f(y[i]) + (vec4f(x[i]))); }",
  );
  assert.is(body("fn f(i: u32) { y[i / 4][i % 4] = 1.0; }", "vec4f"), "fn f(i: u32) { y[i / 4][i % 4] = f16(1.0); }");
  assert.is(
    body("fn f(i: u32) { if (x[i] == 0.0) { y[i] = x[u32(x[i + 1])]; } }", "f32"),
    "fn f(i: u32) { if (f32(x[i]) == 0.0) { y[i] = f16(f32(x[u32(f32(x[i + 1]))])); } }",
  );
  assert.is(
    body("fn f(i: u32) { y[i] = x[i]; }", "u32"),
    "fn f(i: u32) { y[i] = f16(bitcast<f32>(bitcast<u32>(f32(x[i])))); }",
  );
  const [first] = rewritten("", "vec4f", ["y"]);
  assert.is(first, "enable f16; @group(0) @binding(0) var<storage, read> x: array<vec4f>;");
});

test("a constant in the first line, as in the package's texts, still begins its line, to be replaced", () => {
  const code = "const OP: u32 = 0;\n@group(0) @binding(0) var<storage, read> x: array<f32>;";
  assert.match(withHalves(code, ["x"]), /^enable f16;\nconst OP: u32 = 0;\n/);
});

test("what only has a binding's name is left alone", () => {
  const hidden = "fn f(y: array<f32, 4>) -> f32 { return y[0]; }\n";
  const member = "fn g(i: u32) -> f32 { return point.x[i] + max_x[i]; }\n";
  assert.is(body(hidden + member, "f32"), hidden + member);
});

onHalves(test)("f16 tensors come back as they were rounded, whatever their length", async () => {
  const gpu = await halfGpu("software");
  for (const n of [1, 2, 3, 7, 130]) {
    const numbers = Float32Array.from({ length: n }, (_, i) => i - 2.25);
    const x = gpu.empty([n], "f16");
    x.write(numbers);
    assert.equal(await x.read(), numbers);
    const y = gpu.empty([n], "f16");
    y.copyFrom(x);
    assert.equal(await y.read<"f16">(), numbers);
    assert.equal(await cast(cast(cast(y, "f32"), "f16"), "i32").read(), Int32Array.from(numbers));
    x.dispose();
    y.dispose();
  }
});

onHalves(test)("results of f16 are f16, but sums, losses and gradients of weights are f32", async () => {
  const gpu = await halfGpu("software");
  const dtypes = gpu.scope(() => {
    const x = cast(gpu.tensor([[1, 2]]), "f16").requireGrad();
    const w = gpu.tensor([[3, 4]]).requireGrad();
    const y = linear(x, w);
    const loss = mean(mul(y, y));
    const [dx, dw] = grad(loss, [x, w]);
    return [y, loss, dx, dw, concat([y, gpu.tensor([[1]])])].map(({ dtype }) => dtype);
  });
  assert.equal(dtypes, ["f16", "f32", "f16", "f32", "f16"]);
});

onHalves(test)("programs keep f16 tensors in half the memory, and parts of them are where they should be", async () => {
  const gpu = await halfGpu("software");
  const run = async (dtype: "f16" | "f32") => {
    const x = gpu.persistent([4, 256], dtype);
    x.write(Float32Array.from({ length: 1024 }, (_, i) => i));
    const { program, result } = await record(gpu, () => slice(mul(x, 2), 1, 3));
    program.replay();
    const read = await result.read();
    const { bytes } = program;
    program.dispose();
    x.dispose();
    return { bytes, read };
  };
  const [half, full] = [await run("f16"), await run("f32")];
  assert.equal(half.read, full.read);
  assert.is(2 * half.bytes, full.bytes);
});

test("f16 is refused by engines that were not opened for it, and by adapters without it", async () => {
  const gpu = await testGpu("software");
  assert.match(
    messageOf(() => gpu.empty([2], "f16")),
    /ArgumentError: tensor: the dtype cannot be "f16" It must be .* openGpu\(\{ precision: "f16" \}\)\.$/,
  );
  const adapter = (await requestAdapter()) as GPUAdapter;
  const device = await adapter.requestDevice();
  const refusal = (await rejectionOf(openGpu({ device, precision: "f16" }))) as Error;
  assert.is(refusal.message, "this adapter has no 16-bit floats (shader-f16), so f16 cannot be used");
  device.destroy();
});

test.run();
