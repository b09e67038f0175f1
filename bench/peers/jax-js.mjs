// jax-js on WebGPU. Best foot: the whole of a job in one jit (gradients too, so that nothing is traced twice), NCHW
// as its convolutions want it. An argument is consumed by a call; `.ref` keeps it.
import {
  blockUntilReady,
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  vjp,
} from "@jax-js/jax";

const EPS = 1e-5;

export async function open() {
  await init("webgpu");
  defaultDevice("webgpu");
  const { queue } = getWebGPUDevice();

  return {
    async prepare(job, inputs) {
      const names = namesOf(job, inputs);
      const values = names.map((name) => np.array(inputs.get(name).data, { shape: [...inputs.get(name).shape] }));
      await blockUntilReady(values);
      const work = resultsOf(job, names);
      const compiled = jit(work);
      let outputs = [];
      return {
        async run() {
          tree.dispose(outputs);
          outputs = compiled(...values.map((value) => value.ref));
          await blockUntilReady(outputs);
          await queue.onSubmittedWorkDone();
        },
        read: () => Promise.all(outputs.map((output) => output.ref.data())),
        dispose() {
          tree.dispose([outputs, values]);
          compiled.dispose();
        },
      };
    },
  };
}

/** The inputs that a job uses, in the order of its function's arguments. */
function namesOf(job, inputs) {
  switch (job.kind) {
    case "matmul":
      return ["a", "b"];
    case "conv2d":
      return ["x", "w"];
    case "conv2d.dx":
    case "conv2d.dw":
      return ["x", "w", "dy"];
    case "generator":
      return [...inputs.keys()].filter((name) => name !== "dy");
    default:
      return [...inputs.keys()];
  }
}

/** A function from the inputs to the list of results. */
function resultsOf(job, names) {
  if (job.kind === "matmul") return (a, b) => [np.matmul(a, b)];
  if (job.kind === "conv2d" && job.mode === "reflect") {
    return (x, w) => [conv(reflect(x, job.padding), w, job.stride, 0)];
  }
  if (job.kind === "conv2d") return (x, w) => [conv(x, w, job.stride, job.padding)];
  if (job.kind === "conv2d.dx") {
    return (x, w, dy) => gradients((x) => conv(x, w, job.stride, job.padding), [x], dy).slice(1);
  }
  if (job.kind === "conv2d.dw") {
    return (x, w, dy) => gradients((w) => conv(x, w, job.stride, job.padding), [w], dy).slice(1);
  }
  if (job.kind === "biasGelu.backward") return (x, bias, dy) => gradients((x) => gelu(x.add(bias)), [x], dy);
  const forward = generator(job);
  const keys = names.filter((name) => name !== "x" && name !== "dy");
  const byKey = (parameters) => Object.fromEntries(keys.map((key, i) => [key, parameters[i]]));
  if (job.kind === "generator") return (x, ...parameters) => [forward(x, byKey(parameters))];
  return (x, dy, ...parameters) => gradients((...p) => forward(x, byKey(p)), parameters, dy);
}

/** The output and its gradients. */
function gradients(f, primals, dy) {
  const [output, back] = vjp(f, primals);
  const results = [output, ...back(dy)];
  back.dispose();
  return results;
}

/** By tanh; composed, as is ours. */
function gelu(x) {
  const inner = x.ref
    .mul(x.ref)
    .mul(x.ref)
    .mul(0.044715)
    .add(x.ref)
    .mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(np.tanh(inner).add(1));
}

function conv(x, w, stride, padding, options) {
  const pads = [padding, padding];
  return lax.convGeneralDilated(x, w, [stride, stride], [pads, pads], options);
}

/** Mirrored (`amount` rows or columns beyond the edge, which is not doubled); with `edge`, the edge itself doubled. */
function border(x, axis, amount, edge) {
  const size = x.shape[axis];
  const part = (from, to) => x.ref.slice(...Array(axis).fill([]), [from, to]);
  const first = edge ? part(0, 1) : np.flip(part(1, amount + 1), axis);
  const last = edge ? part(size - 1, size) : np.flip(part(size - 1 - amount, size - 1), axis);
  return np.concatenate([first, x, last], axis);
}

const reflect = (x, amount) => border(border(x, 2, amount, false), 3, amount, false);

/**
 * Blurred by [1, 2, 1] / 4 along an axis of even size, every second pixel kept. Even and odd pixels are told apart by a
 * reshape: the gradient of the obvious depthwise convolution with stride 2 is wrong in 0.1.25 from 16 channels on.
 */
function halved(x, axis) {
  const half = x.shape[axis] / 2;
  const pairs = x.reshape([...x.shape.slice(0, axis), half, 2, ...x.shape.slice(axis + 1)]);
  const all = Array(axis).fill([]);
  const even = pairs.ref.slice(...all, [], 0);
  const odd = pairs.slice(...all, [], 1);
  // The neighbour before the first pixel is its mirror image: the first odd one.
  const before = np.concatenate([odd.ref.slice(...all, [0, 1]), odd.ref.slice(...all, [0, half - 1])], axis);
  return even.mul(0.5).add(odd.add(before).mul(0.25));
}

const blurDown = (x) => halved(halved(x, 2), 3);

/** Bilinear doubling along an axis: 3/4 of the nearest pixel and 1/4 of the next nearest, edges doubled. */
function doubled(x, axis) {
  const size = x.shape[axis];
  const edged = border(x.ref, axis, 1, true);
  const all = Array(axis).fill([]);
  const near = x.mul(0.75);
  const before = near.ref.add(edged.ref.slice(...all, [0, size]).mul(0.25));
  const after = near.add(edged.slice(...all, [2, size + 2]).mul(0.25));
  const shape = before.shape;
  return np.stack([before, after], axis + 1).reshape([...shape.slice(0, axis), 2 * size, ...shape.slice(axis + 1)]);
}

const blurUp = (x) => doubled(doubled(x, 2), 3);

function norm(x) {
  const mean = x.ref.mean([2, 3], { keepdims: true });
  const centred = x.sub(mean);
  const variance = np.square(centred.ref).mean([2, 3], { keepdims: true });
  return centred.div(np.sqrt(variance.add(EPS)));
}

// Jits of their own, inside the one around everything: fusion stops at them. Pads and norms fused into the
// convolutions' inner loops make compilation take minutes and the kernels slower.
const layers = {
  reflect1: jit((x) => reflect(x, 1)),
  reflect3: jit((x) => reflect(x, 3)),
  conv: jit((x, w, bias) => conv(x, w, 1, 0).add(bias.reshape([1, -1, 1, 1]))),
  conv1: jit((x, w, bias) => conv(x, w, 1, 1).add(bias.reshape([1, -1, 1, 1]))),
  norm: jit(norm),
  normRelu: jit((x) => nn.relu(norm(x))),
  blurDown: jit(blurDown),
  blurUp: jit(blurUp),
  tanh: jit((x) => np.tanh(x)),
};

/** The generator as a function of the picture and of the parameters by key; numbers are those of published files. */
const generator =
  ({ blocks }) =>
  (picture, p) => {
    const { reflect1, reflect3, normRelu, tanh } = layers;
    const layer = (x, key) => layers.conv(x, p[`${key}.weight`], p[`${key}.bias`]);
    const layer1 = (x, key) => layers.conv1(x, p[`${key}.weight`], p[`${key}.bias`]);
    let x = normRelu(layer(reflect3(picture), "model.1"));
    for (const index of [4, 8]) x = layers.blurDown(normRelu(layer1(x, `model.${index}`)));
    for (let index = 12; index < 12 + blocks; index++) {
      const hidden = normRelu(layer(reflect1(x.ref), `model.${index}.conv_block.1`));
      x = layers.norm(layer(reflect1(hidden), `model.${index}.conv_block.5`)).add(x);
    }
    for (const index of [13 + blocks, 17 + blocks]) x = normRelu(layer1(layers.blurUp(x), `model.${index}`));
    return tanh(layer(reflect3(x), `model.${21 + blocks}`));
  };
