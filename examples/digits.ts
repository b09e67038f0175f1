// A classifier of digits with built-in operators alone: it draws its own digits, trains a small convolutional network
// on them, and is measured on digits that it has not seen; then it is saved, loaded into other tensors and measured
// again. Run by the tests.
import {
  Adam,
  argmax,
  conv2d,
  cosineAnnealingLr,
  crossEntropy,
  flatten,
  grad,
  kaimingUniform,
  linear,
  loadParameters,
  maxPool2d,
  openGpu,
  Random,
  record,
  relu,
  saveParameters,
  type Tensor,
} from "cutgpu";

/** Digits of 5 x 7 points, a row of points after another. */
const FONT = [
  "01110100011001110101110011000101110",
  "00100011000010000100001000010001110",
  "01110100010000100010001000100011111",
  "11111000100010000010000011000101110",
  "00010001100101010010111110001000010",
  "11111100001111000001000011000101110",
  "00110010001000011110100011000101110",
  "11111000010001000100010000100001000",
  "01110100011000101110100011000101110",
  "01110100011000101111000010001001100",
];
const SIDE = 16;
const BATCH = 32;
const STEPS = 160;

/** Digits at random places and in random sizes, light on dark, under noise. */
function drawDigits(random: Random, count: number) {
  const images = new Float32Array(count * SIDE * SIDE);
  const labels = new Int32Array(count);
  for (let k = 0; k < count; k++) {
    const digit = random.integer(10);
    labels[k] = digit;
    const [width, height] = [1.9 + 0.4 * random.next(), 1.7 + 0.3 * random.next()];
    const left = random.next() * (SIDE - 5 * width);
    const top = random.next() * (SIDE - 7 * height);
    const ink = 0.6 + random.next();
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const [column, row] = [Math.floor((x - left) / width), Math.floor((y - top) / height)];
        const inside = column >= 0 && column < 5 && row >= 0 && row < 7;
        const point = inside && FONT[digit]?.[row * 5 + column] === "1" ? ink : 0;
        images[(k * SIDE + y) * SIDE + x] = point + 0.15 * random.normal();
      }
    }
  }
  return { images, labels };
}

const gpu = await openGpu();
const random = new Random(1);

const makeParameters = () =>
  new Map<string, Tensor>(
    Object.entries({
      "conv1.weight": kaimingUniform(gpu, [8, 1, 3, 3], random),
      "conv2.weight": kaimingUniform(gpu, [16, 8, 3, 3], random),
      "out.weight": kaimingUniform(gpu, [10, 16 * 4 * 4], random),
    }).map(([name, weight]) => [name, weight.requireGrad()]),
  );

/** Logits [batch, 10] of images [batch, 1, 16, 16]. */
function classify(images: Tensor, parameters: ReadonlyMap<string, Tensor>): Tensor {
  const [first, second, out] = [...parameters.values()] as [Tensor, Tensor, Tensor];
  const small = maxPool2d(relu(conv2d(images, first, undefined, { padding: 1 })), 2);
  const smaller = maxPool2d(relu(conv2d(small, second, undefined, { padding: 1 })), 2);
  return linear(flatten(smaller, 1), out);
}

const parameters = makeParameters();
const adam = new Adam(gpu, parameters);
const [images, labels] = [gpu.persistent([BATCH, 1, SIDE, SIDE]), gpu.persistent([BATCH], "i32")];
const { program, result: loss } = await record(gpu, () => {
  const loss = crossEntropy(classify(images, parameters), labels, { labelSmoothing: 0.05 });
  adam.update(grad(loss, [...parameters.values()]));
  return loss.detach();
});
for (let step = 0; step < STEPS; step++) {
  const batch = drawDigits(random, BATCH);
  images.write(batch.images);
  labels.write(batch.labels);
  adam.advance(cosineAnnealingLr(1e-2, step, STEPS));
  program.replay();
  if (step % 40 === 39) console.log(`step ${step + 1}: loss ${(await loss.item()).toFixed(3)}`);
}

const held = drawDigits(new Random(2), 500);
async function accuracy(of: ReadonlyMap<string, Tensor>): Promise<number> {
  const guesses = gpu.scope(() => argmax(classify(gpu.tensor(held.images, [500, 1, SIDE, SIDE]), of), 1));
  return (await guesses.read()).filter((guess, k) => guess === held.labels[k]).length / 500;
}

export const scored = await accuracy(parameters);
console.log(`${(100 * scored).toFixed(1)} % of 500 digits that it had not seen`);

const restored = makeParameters();
loadParameters(await saveParameters(parameters), restored);
export const scoredAgain = await accuracy(restored);
console.log(`${(100 * scoredAgain).toFixed(1)} % after saving and loading`);
gpu.dispose();
