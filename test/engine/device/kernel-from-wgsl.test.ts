// What kernelFromWgsl reads from a text, and what it says of texts that it cannot take.
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  GpuError,
  kernelFromWgsl,
  openGpu,
  record,
  reshape,
  ShapeError,
  square,
  type Tensor,
} from "../../../engine/index.js";
import { requestAdapter } from "../../../engine/open/node.js";
import { messageOf, profiles, rejectionOf, testGpu } from "../../support/gpu.js";
import { kernels } from "../../support/kernels.js";

const gpu = await testGpu("software");
const x = "@group(0) @binding(0) var<storage, read_write> x: array<f32>;";
const main = "@compute @workgroup_size(1) fn main() { x[0] = 1.0; }";

test("it reads every shader of the project as the build's reflection does", () => {
  // Comments, which mark tunables and operations, are gone from the built texts: constants are what they are by
  // default.
  for (const source of kernels) {
    const { constants, ops: _ops, workgroupSize, ...rest } = source;
    const { constants: _constants, custom, check: _check, ...read } = kernelFromWgsl(source.name, source.code);
    const expected = { ...rest, workgroupSize: workgroupSize.map((axis) => constants[axis] ?? axis) };
    assert.equal(read, JSON.parse(JSON.stringify(expected)), source.name);
    assert.ok(custom);
  }
});

test("it reads texts without spaces", () => {
  const code = "@group(0)@binding(0)var<storage,read>x:array<f32>;@compute@workgroup_size(1)fn main(){}";
  assert.equal(kernelFromWgsl("compact", code).bindings, { x: "read" });
});

test("attributes may stand in any order, with spaces, and sizes may have a type", async () => {
  const kernel = kernelFromWgsl(
    "turned",
    `@binding( 1 ) @group (0) var<storage, read_write> y: array<f32>;
    @group(0)
    @binding(0) var<storage> x: array<f32>;
    @workgroup_size(2u) @compute fn main(@builtin(local_invocation_index) i: u32) { y[i] = 2 * x[i]; }`,
  );
  assert.equal(kernel.bindings, { x: "read", y: "write" });
  assert.equal(kernel.workgroupSize, [2]);
  const [from, to] = [gpu.tensor([1, 2]), gpu.empty([2])];
  gpu.dispatch(kernel, { bindings: { x: from, y: to }, params: {}, invocations: 2 });
  assert.equal([...(await to.read())], [2, 4]);
  for (const tensor of [from, to]) tensor.dispose();
});

test("constants marked as tunable can be replaced", async () => {
  const kernel = kernelFromWgsl(
    "constant",
    `const VALUE: f32 = 2.5; // @tunable\n${x}\n@compute @workgroup_size(1) fn main() { x[0] = VALUE; }`,
  );
  assert.equal(kernel.constants, { VALUE: 2.5 });
  const y = gpu.empty([1]);
  gpu.dispatch(kernel, { bindings: { x: y }, params: {}, grid: 1 });
  assert.is(await y.item(), 2.5);
  gpu.dispatch(kernel, { bindings: { x: y }, params: {}, grid: 1, constants: { VALUE: 4 } });
  assert.is(await y.item(), 4);
  y.dispose();
});

const refused: [says: RegExp, code: string][] = [
  [/0 compute entry points/, x],
  [/2 compute entry points/, `${x} ${main} ${main}`],
  [/bindings are not 0, 1, 2/, `${x.replace("binding(0)", "binding(1)")} ${main}`],
  [/bindings are not 0, 1, 2/, `${x.replace("group(0)", "group(1)")} ${main}`],
  [/a binding could not be read/, `@group(0) @binding(FIRST) var<storage> x: array<f32>; ${main}`],
  [/a binding could not be read/, `${x.replace("@group(0)", "@binding(0)")} ${main}`],
  [/t is no storage buffer/, `@group(0) @binding(0) var t: texture_2d<f32>; ${main}`],
  [
    /not the last binding/,
    `struct P { n: u32 } @group(0) @binding(0) var<uniform> p: P; ${x.replace("binding(0)", "binding(1)")} ${main}`,
  ],
  [/"v: vec2f" is not of type/, `struct P { v: vec2f } ${x} @group(0) @binding(1) var<uniform> p: P; ${main}`],
  [/uniform u32 is no struct/, `${x} @group(0) @binding(1) var<uniform> p: u32; ${main}`],
];

for (const [says, code] of refused) {
  test(`it says what it cannot take: ${says.source}`, () => {
    assert.throws(
      () => kernelFromWgsl("mine", code),
      (error: Error) =>
        error instanceof ShapeError && says.test(error.message) && error.message.startsWith("kernel mine"),
    );
  });
}

test("TypeScript knows the names in a text that is a literal, and none in one that is put together", () => {
  const text = `
    /* A struct with a comment: a, b. */
    struct Params {
      size: u32, // how many: all
      factor: f32,
    }
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    // @group(0) @binding(1) var<storage, read> old: array<f32>;
    @group(0) @binding(1) var<storage,read_write>   y : array<f32>;
    @group(0) @binding(2) var<uniform> params: Params;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x < params.size) { y[id.x] = params.factor * x[id.x]; }
    }`;
  const kernel = kernelFromWgsl("scale", text);
  const [x, y] = [gpu.tensor([1, 2]), gpu.empty([2])];
  gpu.dispatch(kernel, { bindings: { x, y }, params: { size: 2, factor: 3 }, grid: 1 });
  const wrong = [
    // @ts-expect-error: the name of a binding is misspelt
    () => gpu.dispatch(kernel, { bindings: { x, out: y }, params: { size: 2, factor: 3 }, grid: 1 }),
    // @ts-expect-error: a param is missing
    () => gpu.dispatch(kernel, { bindings: { x, y }, params: { size: 2 }, grid: 1 }),
    // Nothing is known of this text.
    () => gpu.dispatch(kernelFromWgsl("scale", text as string), { bindings: { x }, params: { size: 2 }, grid: 1 }),
  ];
  for (const call of wrong) assert.match(messageOf(call), /ShapeError: scale: the (binding y|param factor)/);
  for (const tensor of [x, y]) tensor.dispose();
});

test("a binding that is not given, or a param that is no number of its type, is named", () => {
  const kernel = kernelFromWgsl("mine", `struct P { n: u32 } ${x} @group(0) @binding(1) var<uniform> p: P; ${main}`);
  const y = gpu.empty([1]);
  assert.match(
    messageOf(() => gpu.dispatch(kernel, { bindings: {} as never, params: { n: 1 }, grid: 1 })),
    /ShapeError: mine: the binding x has no tensor of this device/,
  );
  for (const n of [undefined, 1.5, Number.NaN, "1"]) {
    assert.match(
      messageOf(() => gpu.dispatch(kernel, { bindings: { x: y }, params: { n } as never, grid: 1 })),
      `ShapeError: mine: the param n cannot be ${n} Give it a u32.`,
    );
  }
  assert.match(
    messageOf(() => gpu.dispatch(kernel, { bindings: { x: y }, grid: 1 } as never)),
    "ShapeError: mine: the param n cannot be undefined Give it a u32.",
  );
  y.dispose();
});

for (const profile of profiles) {
  test(`params and bindings that are left out, eager and recorded, ${profile}`, async () => {
    const engine = await testGpu(profile);
    const none = kernelFromWgsl("none", `${x} ${main}`);
    const some = kernelFromWgsl("some", `struct P { n: u32 } ${x} @group(0) @binding(1) var<uniform> p: P; ${main}`);
    const y = engine.persistent([1]);
    for (const recorded of [false, true]) {
      const run = async (work: () => void) => (recorded ? (await record(engine, work)).program.dispose() : work());
      await run(() => engine.dispatch(none, { bindings: { x: y }, grid: 1 } as never));
      const missing = run(() => engine.dispatch(some, { bindings: { x: y }, grid: 1 } as never));
      assert.match(String(await rejectionOf(missing)), /ShapeError: some: the param n cannot be undefined/);
      const unbound = run(() => engine.dispatch(none, { grid: 1 } as never));
      assert.match(String(await rejectionOf(unbound)), /ShapeError: none: the binding x has no tensor of this device/);
    }
    y.dispose();
  });
}

test("memory bound to be read and written, or written twice, is named, eager and recorded", async () => {
  const declare = (...accesses: string[]) =>
    accesses.map((access, i) => `@group(0) @binding(${i}) var<storage, ${access}> ${"abc"[i]}: array<f32>;`).join("\n");
  const entry = "@compute @workgroup_size(1) fn main() { c[0] = a[0] + b[0]; }";
  const adds = kernelFromWgsl("adds", `${declare("read", "read", "read_write")}\n${entry}`);
  const writes = kernelFromWgsl("writes", `${declare("read", "read_write", "read_write")}\n${entry}`);
  const [first, second] = gpu.persistentFlat([[1], [1]]);
  const [x, y] = [gpu.tensor([1]), gpu.empty([1])];
  const again = reshape(y, [1, 1]);
  const refused: [says: string, kernel: typeof adds, a: Tensor, b: Tensor, c: Tensor][] = [
    ["adds: the bindings b and c share", adds, x, y, y],
    ["adds: the bindings a and c share", adds, y, x, again],
    ["adds: the bindings a and c share", adds, first, x, second],
    ["writes: the bindings b and c share", writes, x, y, again],
  ];
  for (const [says, kernel, a, b, c] of refused) {
    const run = () => gpu.dispatch(kernel, { bindings: { a, b, c }, params: {}, grid: 1 });
    const fix = "Give one a tensor of its own (an optimizer's parameters share one)";
    assert.ok(messageOf(run).startsWith(`ShapeError: ${says} memory that is written ${fix}`), messageOf(run));
    assert.match(String(await rejectionOf(record(gpu, run))), says);
  }
  gpu.dispatch(adds, { bindings: { a: x, b: x, c: y }, params: {}, grid: 1 });
  assert.is(await y.item(), 2);
  first.write([5]);
  gpu.dispatch(writes, { bindings: { a: x, b: first, c: second }, params: {}, grid: 1 });
  assert.is(await second.item(), 6);
  for (const tensor of [first, second, x, y, again]) tensor.dispose();
});

test("integers are not taken for floats, nor floats for integers; u32 takes the bits of either", () => {
  const [floats, integers] = [gpu.tensor([1]), gpu.tensor(Int32Array.of(1))];
  const copying = (type: string) =>
    kernelFromWgsl(
      "copying",
      `@group(0) @binding(0) var<storage, read> x: ${type};\n${x.replace("0) var", "1) var").replaceAll("x", "y")}
    @compute @workgroup_size(1) fn main() { y[0] = f32(x[0]); }`,
    );
  const y = gpu.empty([1]);
  const given = (type: string, tensor: Tensor) => () =>
    gpu.dispatch(copying(type), { bindings: { x: tensor, y }, params: {}, grid: 1 } as never);
  for (const [type, tensor, dtype] of [
    ["array<f32>", integers, "i32"],
    ["array<vec4f>", integers, "i32"],
    ["array<i32>", floats, "f32"],
    ["array<vec2<i32>>", floats, "f32"],
  ] as const)
    assert.match(
      messageOf(given(type, tensor)),
      `ShapeError: kernel copying: x is ${type}, and the tensor holds ${dtype}`,
    );
  for (const tensor of [floats, integers]) given("array<u32>", tensor)();
  given("array<i32>", integers)();
  for (const tensor of [floats, integers, y]) tensor.dispose();
});

for (const owned of [true, false]) {
  const place = owned ? "the engine's own device" : "the app's device";
  test(`a kernel that does not compile hurts its own call alone, on ${place}`, async () => {
    const adapter = (await requestAdapter()) as GPUAdapter;
    const own = await openGpu(owned ? { adapter } : { device: await adapter.requestDevice() });
    const [y, three] = [own.empty([1]), own.tensor([3])];
    for (const way of ["eager", "record"]) {
      const kernel = kernelFromWgsl("broken", `${x}\n@compute @workgroup_size(1) fn main() { x[0] = nothing; }`);
      const run = () => own.dispatch(kernel, { bindings: { x: y }, params: {}, grid: 1 });
      const before = square(three);
      const message = /^the kernel broken did not compile: broken\.wgsl:2:48: unresolved value 'nothing'$/;
      await refuses(message, async () => {
        if (way === "record") await record(own, run);
        run();
        await y.read();
      });
      assert.is(await before.item(), 9);
      assert.is(await square(before).item(), 81);
      await refuses(message, async () => run());
    }
    own.dispose();
  });
}

test("all reads under way throw the error of a kernel that did not compile, later ones do not", async () => {
  const own = await openGpu({ adapter: (await requestAdapter()) as GPUAdapter });
  const y = own.empty([1]);
  const kernel = kernelFromWgsl("broken", `${x}\n@compute @workgroup_size(1) fn main() { x[0] = nothing; }`);
  own.dispatch(kernel, { bindings: { x: y }, params: {}, grid: 1 });
  const reads = await Promise.allSettled([y.read(), y.read(), own.finish()]);
  assert.equal(
    reads.map(({ status }) => status),
    ["rejected", "rejected", "rejected"],
  );
  y.write([5]);
  assert.is(await y.item(), 5);
  own.dispose();
});

async function refuses(message: RegExp, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.instance(error, GpuError);
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable();
}

test.run();
