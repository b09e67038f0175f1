// A small GPT that learns to sort: it reads six digits, and writes them in order, one after the other (the task is that
// of minGPT, https://github.com/karpathy/minGPT). Built-in operators alone; the step and the model's forward pass are
// recorded. Run by the tests.
import {
  AdamW,
  add,
  arange,
  argmax,
  cosineAnnealingLr,
  crossEntropy,
  embedding,
  gelu,
  grad,
  layerNorm,
  linear,
  lt,
  matmul,
  normal,
  openGpu,
  permute,
  Random,
  record,
  reshape,
  scale,
  slice,
  softmax,
  split,
  type Tensor,
  unsqueeze,
  where,
} from "cutgpu";

const LENGTH = 6;
// The digits, and the sorted ones but the last, after which nothing comes.
const TOKENS = 2 * LENGTH - 1;
const [DIGITS, BLOCKS, HEADS, CHANNELS, BATCH, STEPS] = [10, 1, 4, 32, 32, 250];

const gpu = await openGpu();
const random = new Random(1);

const parameters = new Map<string, Tensor>();
const weight = (name: string, ...shape: number[]) =>
  parameters.set(name, normal(gpu, shape, random, 0, 0.08).requireGrad());
weight("digit", DIGITS, CHANNELS);
weight("position", TOKENS, CHANNELS);
for (let block = 0; block < BLOCKS; block++) {
  weight(`${block}.qkv`, 3 * CHANNELS, CHANNELS);
  weight(`${block}.out`, CHANNELS, CHANNELS);
  weight(`${block}.up`, 4 * CHANNELS, CHANNELS);
  weight(`${block}.down`, CHANNELS, 4 * CHANNELS);
}
weight("head", DIGITS, CHANNELS);

/** Self-attention over x [batch, tokens, channels], in which a token sees itself and those before. */
function attention(x: Tensor, qkv: Tensor, out: Tensor): Tensor {
  const [batch = 0] = x.shape;
  // [batch, heads, tokens, channels of a head]
  const heads = (t: Tensor) => permute(reshape(t, [batch, TOKENS, HEADS, CHANNELS / HEADS]), [0, 2, 1, 3]);
  const [q, k, v] = split(linear(x, qkv), CHANNELS, 2).map(heads) as [Tensor, Tensor, Tensor];
  const positions = arange(gpu, 0, TOKENS);
  const later = lt(unsqueeze(positions, 1), positions);
  const scores = scale(matmul(q, k, { transposeB: true }), Math.sqrt(HEADS / CHANNELS));
  const seen = matmul(softmax(where(later, -1e9, scores), 3), v);
  return linear(reshape(permute(seen, [0, 2, 1, 3]), x.shape), out);
}

/** Logits [batch, tokens, digits] of what comes after each token, ids [batch, tokens]. */
function model(ids: Tensor): Tensor {
  const get = (name: string) => parameters.get(name) as Tensor;
  let x = add(embedding(ids, get("digit")), get("position"));
  for (let block = 0; block < BLOCKS; block++) {
    x = add(x, attention(layerNorm(x, [CHANNELS]), get(`${block}.qkv`), get(`${block}.out`)));
    x = add(x, linear(gelu(linear(layerNorm(x, [CHANNELS]), get(`${block}.up`))), get(`${block}.down`)));
  }
  return linear(layerNorm(x, [CHANNELS]), get("head"));
}

/** Rows of random digits, and of the same ones in order. */
function draw(count: number): { digits: number[][]; sorted: number[][] } {
  const digits = Array.from({ length: count }, () => Array.from({ length: LENGTH }, () => random.integer(DIGITS)));
  return { digits, sorted: digits.map((row) => row.toSorted()) };
}

const [ids, targets] = [gpu.persistent([BATCH, TOKENS], "i32"), gpu.persistent([BATCH * LENGTH], "i32")];
const adam = new AdamW(gpu, parameters, { weightDecay: 0.1 });
const { program: step, result: loss } = await record(gpu, () => {
  // The first sorted digit comes after the last one that was read.
  const logits = slice(model(ids), LENGTH - 1, TOKENS, 1);
  const loss = crossEntropy(reshape(logits, [-1, DIGITS]), targets);
  adam.update(grad(loss, [...parameters.values()]));
  return loss.detach();
});
for (let done = 0; done < STEPS; done++) {
  const { digits, sorted } = draw(BATCH);
  ids.write(Int32Array.from(digits.flatMap((row, i) => [...row, ...(sorted[i] ?? []).slice(0, -1)])));
  targets.write(Int32Array.from(sorted.flat()));
  adam.advance(cosineAnnealingLr(5e-3, done, STEPS));
  step.replay();
  if (done % 50 === 49) console.log(`step ${done + 1}: loss ${(await loss.item()).toFixed(4)}`);
}

const { program: next, result: guesses } = await record(gpu, () => argmax(model(ids), 2));
const { digits, sorted } = draw(BATCH);
const written = digits.map((row) => [...row]);
for (let length = LENGTH; length < 2 * LENGTH; length++) {
  // No token sees those after it, so what is still to be written may be anything.
  ids.write(
    Int32Array.from(written.flatMap((row) => [...row, ...Array<number>(TOKENS - length).fill(0)].slice(0, TOKENS))),
  );
  next.replay();
  const likeliest = await guesses.read<"i32">();
  for (const [i, row] of written.entries()) row.push(likeliest[i * TOKENS + length - 1] ?? 0);
}
console.log(`${written[0]?.slice(0, LENGTH)} -> ${written[0]?.slice(LENGTH)}`);
export const right = written.filter((row, i) => row.slice(LENGTH).join() === sorted[i]?.join()).length / BATCH;
console.log(`${(100 * right).toFixed(1)} % of ${BATCH} rows that it had not seen are in order`);
gpu.dispose();
