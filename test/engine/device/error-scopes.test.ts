// The engine on an app's own device: it leaves handlers and globals alone, hears of its own errors and of no others,
// shares the device with other engines, and gives every buffer back.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conv2d, DisposedError, Gpu, GpuError, openGpu, record, square } from "../../../engine/index.js";
import { requestAdapter } from "../../../engine/open/node.js";

const test = suite("error scopes");

/** An adapter gives one device. */
const adapter = async () => (await requestAdapter()) as GPUAdapter;

interface Watched {
  device: GPUDevice;
  /** Buffers made and not destroyed. */
  alive: Set<GPUBuffer>;
  /** Messages that reached the app's own handlers. */
  heard: string[];
}

/** A device of the app's, with its buffers counted and a handler of its own. */
async function appDevice(): Promise<Watched> {
  const device = await (await adapter()).requestDevice();
  const alive = new Set<GPUBuffer>();
  const heard: string[] = [];
  const { createBuffer } = device;
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer.call(device, descriptor);
    const { destroy } = buffer;
    buffer.destroy = () => {
      alive.delete(buffer);
      return destroy.call(buffer);
    };
    alive.add(buffer);
    return buffer;
  };
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    heard.push(event.error.message);
  });
  return { device, alive, heard };
}

/** A mistake of the app's own: no buffer may be mapped and stored to. */
const mistake = (device: GPUDevice) => device.createBuffer({ size: 16, usage: 0x1 | 0x80 }).destroy();

test("opening, computing and disposing adds no global and takes none away", async () => {
  const globalsBefore = Object.getOwnPropertyNames(globalThis).sort();
  const gpu = await openGpu({ adapter: await adapter() });
  await square(gpu.tensor([2])).item();
  gpu.dispose();
  assert.equal(Object.getOwnPropertyNames(globalThis).sort(), globalsBefore);
});

test("dispose() returns every buffer, whatever is still alive, and leaves the device to the app", async () => {
  const { device, alive, heard } = await appDevice();
  const gpu = await openGpu({ device });
  const x = gpu.tensor(new Float32Array(64).fill(1), [1, 1, 8, 8]);
  const w = gpu.tensor(new Float32Array(9).fill(1), [1, 1, 3, 3]);
  const y = conv2d(x, w);
  assert.is((await y.read())[0], 9);
  const { program, result } = await record(gpu, () => square(conv2d(x, w)));
  program.replay();
  assert.is((await result.read())[0], 81);
  assert.ok(alive.size >= 7, `tensors, uniforms, staging: ${alive.size}`);
  gpu.dispose();
  assert.is(alive.size, 0);
  assert.equal(heard, []);
  const buffer = device.createBuffer({ size: 16, usage: 0x80 });
  await device.queue.onSubmittedWorkDone();
  buffer.destroy();
  device.destroy();
});

test("a disposed engine says so and makes no more buffers", async () => {
  const { device, alive } = await appDevice();
  const gpu = await openGpu({ device });
  const x = gpu.tensor([1]);
  const reading = x.read();
  gpu.dispose();
  const refused = async (work: () => unknown) => {
    try {
      await work();
      assert.unreachable();
    } catch (error) {
      assert.instance(error, DisposedError);
    }
  };
  await refused(() => reading);
  await refused(() => x.read());
  await refused(() => gpu.tensor([1]));
  assert.is(alive.size, 0);
  device.destroy();
});

test("the app's mistakes are heard by the app alone", async () => {
  const { device, heard } = await appDevice();
  const gpu = await openGpu({ device });
  const x = gpu.tensor([3]);
  mistake(device);
  assert.is(await square(x).item(), 9);
  await gpu.finish();
  assert.is(heard.length, 1);
  assert.is(gpu.failure, null);
  gpu.dispose();
  mistake(device);
  await device.queue.onSubmittedWorkDone();
  assert.is(heard.length, 2, "still after the engine has gone");
  device.destroy();
});

test("the engine's mistakes are heard by the engine alone", async () => {
  const { device, heard } = await appDevice();
  const gpu = await openGpu({ device });
  const x = gpu.tensor([3]);
  x.requireBuffer().destroy();
  const y = square(x);
  try {
    await y.read();
    // The report may come a moment after the first read.
    await y.read();
    assert.unreachable();
  } catch (error) {
    assert.instance(error, GpuError);
    assert.match((error as Error).message, /WebGPU reported/);
  }
  assert.equal(heard, []);
  gpu.dispose();
  device.destroy();
});

test("an app's error scope around the engine's work sees none of it", async () => {
  const { device } = await appDevice();
  const gpu = await openGpu({ device });
  device.pushErrorScope("validation");
  const y = square(gpu.tensor([3]));
  gpu.queue.flush();
  assert.is(await device.popErrorScope(), null);
  assert.is(await y.item(), 9);
  gpu.dispose();
  device.destroy();
});

test("several engines live on one device and go one by one", async () => {
  const { device, alive } = await appDevice();
  const [first, second] = [await openGpu({ device }), new Gpu(device, "gpu", false)];
  const [a, b] = [first.tensor([2]), second.tensor([3])];
  assert.is(await square(a).item(), 4);
  first.dispose();
  assert.is(await square(b).item(), 9);
  second.dispose();
  assert.is(alive.size, 0);
  device.destroy();
});

test.run();
