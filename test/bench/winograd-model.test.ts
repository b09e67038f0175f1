// The prediction of which convolution is faster, by hand-made rates of adapters: pure numbers, no adapter.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { worthMeasuring } from "../../bench/kernel-tuner.js";
import { predictedMs, predictWinograd, type Rates } from "../../bench/winograd-model.js";
import { keyOf } from "../../engine/tuning/table.js";

/** A large GPU: 50 TFLOP/s, 3 TB/s, 3 microseconds a dispatch. */
const large: Rates = { gflops: 50_000, gbps: 3_000, dispatch_ms: 0.003 };
const conv2d = (channels: number, size: number, stride = 1) => ({
  operator: "conv2d",
  shapes: [[1, channels, size, size], [channels, channels, 3, 3], undefined],
  options: { stride, padding: 1, paddingMode: "reflect" },
});
const predict = (choice: ReturnType<typeof conv2d>, rates: Rates) => {
  const predicted = predictWinograd(choice, rates);
  if (!predicted) throw new Error("there is no prediction");
  return predicted;
};

test("a dispatch takes its FLOPs or its bytes, whichever is longer, and its own time", () => {
  const rates = { gflops: 100, gbps: 10, dispatch_ms: 0.5 };
  assert.is(predictedMs([{ flops: 2e8, bytes: 1e6 }], rates), 2.5);
  assert.is(predictedMs([{ flops: 1e6, bytes: 3e7 }], rates), 3.5);
  assert.is(predictedMs([], rates), 0);
});

test("the milliseconds of both ways, counted by hand", () => {
  const { direct, winograd } = predict(conv2d(256, 64), large);
  const products = (2 * 36 * 256 * 256 * 256) / 50e9;
  const [image, planes, weights] = [4 * 256 * 64 * 64, 4 * 36 * 256 * 256, 4 * 9 * 256 * 256];
  const transforms = (weights + image + image + 3 * planes) / 3e9;
  assert.is(direct, (2 * 9 * 256 * 256 * 64 * 64) / 50e9 + 0.003);
  assert.ok(Math.abs(winograd - (products + transforms + 4 * 0.003)) < 1e-9, `${winograd}`);
});

test("it gains where arithmetic is dear, and not where bytes or dispatches are", () => {
  const gains = (choice: ReturnType<typeof conv2d>, rates: Partial<Rates> = {}) => {
    const { direct, winograd } = predict(choice, { ...large, ...rates });
    return winograd < direct;
  };
  assert.ok(gains(conv2d(256, 64)));
  assert.not.ok(gains(conv2d(256, 64), { gbps: 300 }), "little bandwidth");
  assert.ok(gains(conv2d(256, 64), { gbps: 300, gflops: 5_000 }));
  assert.not.ok(gains(conv2d(16, 64)), "few channels share a window");
  assert.not.ok(gains(conv2d(256, 8)), "few tiles share the weights");
  assert.not.ok(gains(conv2d(256, 64), { dispatch_ms: 0.1 }), "four dispatches for one");
});

test("the gradients cost what the forward pass does; other strides and taps have no prediction", () => {
  const [x, w] = [
    [1, 256, 64, 64],
    [256, 256, 3, 3],
  ];
  const forward = predict(conv2d(256, 64), large);
  const same = { stride: 1, padding: 1, outputSize: [64, 64] };
  assert.equal(
    predictWinograd({ operator: "convTranspose2d", shapes: [x, w, undefined], options: same }, large),
    forward,
  );
  const gradient = { stride: 1, padding: 1, paddingMode: "zeros", kernel: [3, 3] };
  assert.equal(
    predictWinograd({ operator: "conv2dWeightGradient", shapes: [x, x], options: gradient }, large),
    forward,
  );
  assert.is(predictWinograd(conv2d(256, 64, 2), large), null);
  assert.is(predictWinograd({ ...conv2d(256, 64), operator: "matmul" }, large), null);
});

test("the tuner leaves Winograd out where no gain is predicted on a GPU, and measures all else", () => {
  const choice = (channels: number) => {
    const given = conv2d(channels, 64);
    return { ...given, key: keyOf(given.operator, given.shapes, given.options) };
  };
  assert.ok(worthMeasuring("winograd", choice(256), large));
  assert.not.ok(worthMeasuring("winograd", choice(16), large));
  assert.ok(worthMeasuring("winograd", choice(16), null));
  assert.ok(worthMeasuring("tiled_64x64", choice(16), large));
});

test.run();
