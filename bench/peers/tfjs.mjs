// TensorFlow.js on WebGPU. Best foot: NHWC, the kernels of the convolution's gradients called directly (the tape
// would run the forward pass too), everything on the GPU (no forwarding of small tensors to the CPU).
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";

const EPS = 1e-5;

/** NCHW -> NHWC, or [out, in, kh, kw] -> [kh, kw, in, out]. */
const toLast = ([a, b, c, d], data) => tf.transpose(tf.tensor4d(data, [a, b, c, d]), [0, 2, 3, 1]);
const toFilter = (shape, data) => tf.transpose(tf.tensor4d(data, shape), [2, 3, 1, 0]);

export async function open() {
  await tf.setBackend("webgpu");
  await tf.ready();
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  const backend = tf.backend();

  return {
    async prepare(job, inputs) {
      const { constants, work, restore } = tf.tidy(() => workOf(job, inputs));
      let outputs = [];
      return {
        async run() {
          tf.dispose(outputs);
          outputs = tf.tidy(work);
          // Whatever is recorded and not yet submitted.
          backend.endComputePassEncoder();
          backend.submitQueue();
          await backend.device.queue.onSubmittedWorkDone();
        },
        async read() {
          const ours = tf.tidy(() => restore(outputs));
          const results = await Promise.all(ours.map((tensor) => tensor.data()));
          tf.dispose(ours.filter((tensor) => !outputs.includes(tensor)));
          return results;
        },
        dispose() {
          tf.dispose([outputs, constants]);
        },
      };
    },
  };
}

/** `constants`: tensors to keep; `work` returns the outputs; `restore` brings them into our layouts. */
function workOf(job, inputs) {
  const tensors = {};
  for (const [name, { shape, data }] of inputs) {
    if (shape.length !== 4) tensors[name] = tf.tensor(data, shape);
    else tensors[name] = name === "w" || name.endsWith(".weight") ? toFilter(shape, data) : toLast(shape, data);
  }
  const image = ([y]) => [tf.transpose(y, [0, 3, 1, 2])];
  const filter = (dw) => tf.transpose(dw, [3, 2, 0, 1]);
  const { x, w, dy } = tensors;
  switch (job.kind) {
    case "matmul":
      return { constants: tensors, work: () => [tf.matMul(tensors.a, tensors.b)], restore: (outputs) => outputs };
    case "conv2d": {
      const { padding, stride } = job;
      const work =
        job.mode === "reflect"
          ? () => [tf.conv2d(reflect(x, padding), w, stride, "valid")]
          : () => [tf.conv2d(x, w, stride, padding, "NHWC", 1, "floor")];
      return { constants: tensors, work, restore: image };
    }
    case "conv2d.dx":
    case "conv2d.dw": {
      const geometry = {
        strides: [job.stride, job.stride],
        pad: job.padding,
        dataFormat: "NHWC",
        dimRoundingMode: "floor",
      };
      const kernel = (name, inputs, attributes) => tf.engine().runKernel(name, inputs, { ...geometry, ...attributes });
      if (job.kind === "conv2d.dx") {
        const work = () => [kernel("Conv2DBackpropInput", { dy, filter: w }, { inputShape: x.shape })];
        return { constants: tensors, work, restore: image };
      }
      const work = () => [kernel("Conv2DBackpropFilter", { x, dy }, { filterShape: w.shape })];
      return { constants: tensors, work, restore: ([dw]) => [filter(dw)] };
    }
    case "biasGelu.backward": {
      const plain = Object.fromEntries([...inputs].map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]));
      const both = tf.valueAndGrad((x) => gelu(tf.add(x, plain.bias)));
      const work = () => {
        const { value, grad } = both(plain.x, plain.dy);
        return [value, grad];
      };
      return { constants: plain, work, restore: (outputs) => outputs };
    }
    default: {
      const keys = [...inputs.keys()].filter((name) => name !== "x" && name !== "dy");
      const forward = generator(job);
      if (job.kind === "generator") return { constants: tensors, work: () => [forward(x, tensors)], restore: image };
      const gradients = tf.valueAndGrads((...values) =>
        forward(x, Object.fromEntries(keys.map((key, i) => [key, values[i]]))),
      );
      const parameters = keys.map((key) => tensors[key]);
      const work = () => {
        const { value, grads } = gradients(parameters, dy);
        return [value, ...grads];
      };
      const restore = ([y, ...grads]) => [...image([y]), ...grads.map((g) => (g.rank === 4 ? filter(g) : g))];
      return { constants: tensors, work, restore };
    }
  }
}

/** By tanh; composed, as is ours. */
function gelu(x) {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** The generator as a function of the picture and of the parameters by key; numbers are those of published files. */
function generator({ ngf, blocks }) {
  // The filters are depthwise and live as long as the process.
  const down = (channels) => depthwise(channels, [1, 2, 1], 4);
  const up = (channels) => depthwise(channels, [1, 3, 3, 1], 4);
  const widths = { 2: [down(2 * ngf), up(2 * ngf)], 4: [down(4 * ngf), up(4 * ngf)] };
  const filters = (x) => widths[x.shape[3] / ngf];
  const blurDown = (x) => tf.depthwiseConv2d(reflect(x, 1), filters(x)[0], 2, "valid");
  const blurUp = (x) => doubled(x, filters(x)[1]);
  const norm = (x) => {
    const { mean, variance } = tf.moments(x, [1, 2], true);
    return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPS)));
  };
  return (picture, p) => {
    let index = 0;
    const conv = (x, padding, key = `model.${index}`) =>
      tf.add(tf.conv2d(x, p[`${key}.weight`], 1, padding), p[`${key}.bias`]);
    let x = reflect(picture, 3);
    index = 1;
    x = tf.relu(norm(conv(x, "valid")));
    for (index of [4, 8]) x = blurDown(tf.relu(norm(conv(x, 1))));
    for (index = 12; index < 12 + blocks; index++) {
      const hidden = tf.relu(norm(conv(reflect(x, 1), "valid", `model.${index}.conv_block.1`)));
      x = tf.add(norm(conv(reflect(hidden, 1), "valid", `model.${index}.conv_block.5`)), x);
    }
    for (index of [13 + blocks, 17 + blocks]) x = tf.relu(norm(conv(blurUp(x), 1)));
    index = 21 + blocks;
    return tf.tanh(conv(reflect(x, 3), "valid"));
  };
}

/**
 * Reflection padding with a gradient of our own, since the package's is wrong (it cuts the border off): every
 * mirrored row and column is added to the one it came from.
 */
function reflect(x, amount) {
  const pads = (pad) => [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ];
  return tf.customGrad((x, _) => ({
    value: tf.mirrorPad(x, pads(amount), "reflect"),
    gradFunc: (dy) => unreflect(unreflect(dy, 1, amount), 2, amount),
  }))(x);
}

/** The adjoint of reflection along one axis. */
function unreflect(dy, axis, amount) {
  const size = dy.shape[axis] - 2 * amount;
  const part = (from, length) => {
    const begin = dy.shape.map((_, i) => (i === axis ? from : 0));
    return tf.slice(
      dy,
      begin,
      dy.shape.map((n, i) => (i === axis ? length : n)),
    );
  };
  const placed = (edge, before) => {
    const widths = dy.shape.map((_, i) => (i === axis ? [before, size - amount - before] : [0, 0]));
    return tf.pad(amount > 1 ? tf.reverse(edge, axis) : edge, widths);
  };
  const first = placed(part(0, amount), 1);
  const last = placed(part(amount + size, amount), size - 1 - amount);
  return tf.addN([part(amount, size), first, last]);
}

/** The product of the taps over their sum in both axes, for every channel apart: [kh, kw, channels, 1]. */
function depthwise(channels, taps, sum) {
  const values = taps.flatMap((a) => taps.flatMap((b) => Array(channels).fill((a * b) / sum ** 2)));
  return tf.keep(tf.tensor4d(values, [taps.length, taps.length, channels, 1]));
}

/** Bilinear doubling with half-pixel centres; its gradient, which the package has for other centres only, is a blur. */
const doubled = (x, filter) =>
  tf.customGrad((x) => ({
    value: tf.image.resizeBilinear(x, [2 * x.shape[1], 2 * x.shape[2]], false, true),
    gradFunc: (dy) =>
      tf.depthwiseConv2d(
        tf.mirrorPad(
          dy,
          [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ],
          "symmetric",
        ),
        filter,
        2,
        "valid",
      ),
  }))(x);
