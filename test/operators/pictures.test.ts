// Pictures in and out, as far as Node has them: pixels both ways, textures as sources, and a stand-in for a canvas,
// which here is no more than the texture that it lends. Elements of a page are tested in a browser.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseWgsl, validate } from "naga-wasm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { pictureToPlanes, planesToPicture } from "../../cut/data/picture.js";
import {
  ArgumentError,
  fromImage,
  LimitError,
  record,
  ShapeError,
  scale,
  toCanvas,
  toImageData,
} from "../../engine/index.js";
import { Random } from "../../engine/lib/random.js";
import { projectFolder } from "../support/command.js";
import { testGpu } from "../support/gpu.js";

const gpu = await testGpu("software");

function picture(width: number, height: number, alpha = 255) {
  const random = new Random(7);
  const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) =>
    i % 4 === 3 ? alpha : random.integer(256),
  );
  return { width, height, data };
}

/** Every fourth byte left out. */
const withoutAlpha = (rgba: Uint8ClampedArray) => Uint8Array.from(rgba.filter((_, i) => i % 4 !== 3));

test("pixels become the tensor that a picture file becomes, and go back unchanged", async () => {
  const pixels = picture(37, 11);
  const tensor = fromImage(gpu, pixels);
  assert.equal([...tensor.shape], [1, 3, 11, 37]);
  const planes = pictureToPlanes({ width: 37, height: 11, channels: 3, data: withoutAlpha(pixels.data) });
  const ours = await tensor.read();
  for (let i = 0; i < planes.length; i++) assert.ok(Math.abs(ours[i] - planes[i]) < 1e-6);
  // Fractions of a level are cut off, and the GPU may have read a level a hair too low: the exact planes go back.
  const exact = gpu.tensor(planes, [1, 3, 11, 37]);
  const back = await toImageData(exact);
  const reference = planesToPicture(planes, 3, 11, 37);
  assert.equal(withoutAlpha(back.data), reference.data);
  assert.is(Math.min(...back.data.filter((_, i) => i % 4 === 3)), 255);
  for (const one of [tensor, exact]) one.dispose();
});

test("frames go into a program's input, without another tensor for each", async () => {
  const x = gpu.persistent([1, 3, 4, 6]);
  const { program, result } = await record(gpu, () => scale(x, 0.5));
  const before = gpu.memory().liveBuffers;
  for (const alpha of [255, 0]) {
    const frame = picture(6, 4, alpha);
    assert.is(fromImage(gpu, frame, { into: x }), x);
    program.replay();
    const alone = fromImage(gpu, frame);
    assert.equal(
      await result.read(),
      (await alone.read()).map((value) => value / 2),
    );
    alone.dispose();
  }
  assert.is(gpu.memory().liveBuffers, before);
  assert.throws(() => fromImage(gpu, picture(6, 5), { into: x }), /the picture is \[1,3,5,6\] and cannot go into f32/);
  program.dispose();
  x.dispose();
});

test("transparency is laid on white", async () => {
  const tensor = fromImage(gpu, { width: 2, height: 1, data: Uint8ClampedArray.of(0, 0, 0, 0, 255, 0, 0, 51) });
  const ours = [...(await tensor.read())].map((value) => Number(value.toFixed(4)));
  // The first pixel is invisible; of the second a fifth: red 1, green and blue 0.8 of 1, in [-1, 1].
  assert.equal(ours, [1, 1, 1, 0.6, 1, 0.6]);
  tensor.dispose();
});

test("a texture of the app's is a source, and stays the app's", async () => {
  const texture = gpu.device.createTexture({ size: [2, 2], format: "rgba32float", usage: 0x4 | 0x2 });
  const texels = Float32Array.of(0, 0.5, 1, 1, 1, 1, 1, 1, 0.25, 0, 0, 1, 0, 0, 0, 1);
  gpu.device.queue.writeTexture({ texture }, texels, { bytesPerRow: 32 }, [2, 2]);
  const tensor = fromImage(gpu, texture);
  assert.equal([...(await tensor.read())], [-1, 1, -0.5, -1, 0, 1, -1, -1, 1, 1, -1, -1]);
  tensor.dispose();
  texture.destroy();
  gpu.check();
});

/** A canvas that has nothing but its context, and reads its texture back. */
function standInCanvas(format: GPUTextureFormat) {
  let texture: GPUTexture | null = null;
  let configurations = 0;
  const canvas = {
    width: 1,
    height: 1,
    getContext: () => ({
      configure: () => {
        configurations++;
      },
      getCurrentTexture: () => {
        texture?.destroy();
        texture = gpu.device.createTexture({ size: [canvas.width, canvas.height], format, usage: 0x10 | 0x1 });
        return texture;
      },
    }),
  };
  const pixels = async () => {
    const bytesPerRow = Math.ceil((4 * canvas.width) / 256) * 256;
    const buffer = gpu.device.createBuffer({ size: bytesPerRow * canvas.height, usage: 0x1 | 0x8 });
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyTextureToBuffer({ texture: texture as GPUTexture }, { buffer, bytesPerRow }, [
      canvas.width,
      canvas.height,
    ]);
    gpu.device.queue.submit([encoder.finish()]);
    await buffer.mapAsync(1);
    const bytes = new Uint8Array(buffer.getMappedRange()).slice();
    buffer.destroy();
    return Array.from({ length: canvas.height }, (_, y) => [
      ...bytes.slice(y * bytesPerRow, y * bytesPerRow + 4 * canvas.width),
    ]).flat();
  };
  return { canvas: canvas as unknown as OffscreenCanvas, pixels, configurations: () => configurations };
}

test("a tensor is drawn on a canvas as toImageData has it, whatever the canvas' order of colours", async () => {
  const random = new Random(3);
  const data = Float32Array.from({ length: 3 * 5 * 7 }, () => 2.4 * random.next() - 1.2);
  const tensor = gpu.tensor(data, [1, 3, 5, 7]);
  const expected = [...(await toImageData(tensor)).data];
  for (const format of ["rgba8unorm", "bgra8unorm"] as const) {
    const { canvas, pixels, configurations } = standInCanvas(format);
    toCanvas(tensor, canvas);
    toCanvas(tensor, canvas);
    assert.equal([canvas.width, canvas.height, configurations()], [7, 5, 1]);
    const drawn = await pixels();
    const swap = format === "bgra8unorm" ? [2, 1, 0, 3] : [0, 1, 2, 3];
    const ours = drawn.map((_, i) => drawn[i - (i % 4) + swap[i % 4]]);
    assert.equal(ours, expected);
  }
  tensor.dispose();
  gpu.check();
});

test("a gray tensor is drawn gray", async () => {
  const tensor = gpu.tensor([-1, 0, 1, 5], [1, 1, 2, 2]);
  assert.equal([...(await toImageData(tensor)).data.slice(4, 8)], [127, 127, 127, 255]);
  const { canvas, pixels } = standInCanvas("rgba8unorm");
  toCanvas(tensor, canvas);
  assert.equal((await pixels()).slice(0, 8), [0, 0, 0, 255, 127, 127, 127, 255]);
  tensor.dispose();
});

function thrown(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  return assert.unreachable("nothing was thrown") as unknown as Error;
}

test("what cannot be has an error message", async () => {
  const empty = thrown(() => fromImage(gpu, { width: 0, height: 4, data: new Uint8ClampedArray() }));
  assert.instance(empty, ArgumentError);
  assert.match(empty.message, /0 x 4 pixels/);
  const wide = gpu.device.limits.maxTextureDimension2D + 1;
  const large = thrown(() => fromImage(gpu, { width: wide, height: 1, data: new Uint8ClampedArray(4 * wide) }));
  assert.instance(large, LimitError);
  const tensor = gpu.tensor([1, 2], [1, 2, 1, 1]);
  assert.instance(
    thrown(() => toCanvas(tensor, standInCanvas("rgba8unorm").canvas)),
    ShapeError,
  );
  const taken = { width: 1, height: 1, getContext: () => null } as unknown as OffscreenCanvas;
  const gray = gpu.tensor([1], [1, 1, 1, 1]);
  assert.instance(
    thrown(() => toCanvas(gray, taken)),
    ArgumentError,
  );
  for (const one of [tensor, gray]) one.dispose();
});

test("a picture that is refused by WebGPU, here by Dawn, which knows no canvas, leaves nothing on the GPU", () => {
  const { liveBuffers } = gpu.memory();
  const { createTexture } = gpu.device;
  let left = 0;
  gpu.device.createTexture = (descriptor) => {
    const texture = createTexture.call(gpu.device, descriptor);
    const { destroy } = texture;
    left++;
    texture.destroy = () => {
      left--;
      return destroy.call(texture);
    };
    return texture;
  };
  try {
    const refused = thrown(() => fromImage(gpu, { width: 4, height: 4 } as OffscreenCanvas));
    assert.instance(refused, ArgumentError);
    assert.match((refused as ArgumentError).message, /^fromImage: the picture's pixels cannot be had \(.+\)$/);
  } finally {
    gpu.device.createTexture = createTexture;
  }
  assert.equal([gpu.memory().liveBuffers, left], [liveBuffers, 0]);
});

test("naga takes the shaders with textures as well", () => {
  for (const name of ["from_texture", "to_canvas"]) {
    const module = parseWgsl(readFileSync(join(projectFolder, "shaders", "pictures", `${name}.wgsl`), "utf8"));
    validate(module).free();
    module.free();
  }
});

test.run();
