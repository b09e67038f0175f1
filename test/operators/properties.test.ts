// Random shapes and options (fast-check, seeded): forward and gradients against the reference on both kernel profiles.
// Kernel sizes are few, because every size is another shader to compile; shapes are free.
import fc from "fast-check";
import { test } from "uvu";
import { grad } from "../../engine/core/autograd.js";
import type { Shape, Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import { broadcastTo } from "../../engine/operators/lib/reference/broadcast.js";
import * as reference from "../../engine/operators/reference.js";
import { type Dense, zeros } from "../../engine/operators/reference.js";
import { Random } from "../../engine/random.js";
import { assertClose, download, positions, profiles, testGpu, uniform, unitRows, upload } from "../support/gpu.js";

const BOUND = 3e-5;
const RUNS = 15;

interface Trial {
  inputs: Dense[];
  forward(...inputs: Tensor[]): Tensor;
  expected: Dense;
  gradients(dy: Dense): readonly (Dense | null)[];
}

/** For random values of `arbitrary`, the trial that `make` builds must agree with the reference on both profiles. */
function property<T>(name: string, arbitrary: fc.Arbitrary<T>, make: (given: T, random: Random) => Trial): void {
  test(name, async () => {
    const run = fc.asyncProperty(arbitrary, fc.nat(1e6), async (given, seed) => {
      const random = new Random(seed);
      const { inputs, forward, expected, gradients } = make(given, random);
      const dy = uniform(random, expected.shape);
      for (const profile of profiles) {
        const gpu = await testGpu(profile);
        const tensors = gpu.scope(() => {
          const tracked = inputs.map((x) => upload(gpu, x).requireGrad());
          const y = forward(...tracked);
          return [y, ...grad(y, tracked, { dy: upload(gpu, dy) })];
        });
        const [y, ...ours] = await Promise.all(tensors.map(download));
        for (const tensor of tensors) tensor.dispose();
        assertClose(y, expected, BOUND, `the output on ${profile}`);
        gradients(dy).forEach((gradient, i) => {
          assertClose(ours[i], gradient ?? zeros(inputs[i].shape), BOUND, `gradient ${i} on ${profile}`);
        });
      }
    });
    await fc.assert(run, { seed: 20, numRuns: RUNS });
  });
}

const extent = (most: number, least = 1) => fc.integer({ min: least, max: most });
const image = (least = 1) => fc.tuple(extent(3), extent(5), extent(12, least), extent(12, least));

property(
  "conv2d",
  fc
    .record({
      shape: image(),
      out: extent(10),
      kernel: fc.constantFrom(1, 3, 4),
      stride: extent(2),
      padding: extent(2, 0),
      reflect: fc.boolean(),
      withBias: fc.boolean(),
    })
    .filter(({ shape: [, , h, w], kernel, padding, reflect }) => {
      const least = Math.min(h, w);
      return least + 2 * padding >= kernel && !(reflect && padding >= least);
    }),
  ({ shape, out, kernel, stride, padding, reflect, withBias }, random) => {
    const options = { stride, padding, paddingMode: reflect ? ("reflect" as const) : ("zeros" as const) };
    const [x, w, b] = [shape, [out, shape[1], kernel, kernel], [out]].map((s) => uniform(random, s));
    return {
      inputs: withBias ? [x, w, b] : [x, w],
      forward: (x, w, b) => engine.conv2d(x, w, b, options),
      expected: reference.conv2d(x, w, withBias ? b : undefined, options),
      gradients(dy) {
        const { dx, dw, db } = reference.conv2dGradient(x, w, b, options, dy);
        return withBias ? [dx, dw, db] : [dx, dw];
      },
    };
  },
);

property(
  "convTranspose2d",
  fc
    .record({
      shape: image(),
      out: extent(10),
      kernel: fc.constantFrom(1, 3, 4),
      stride: extent(2),
      padding: extent(2, 0),
      outputPadding: extent(1, 0),
    })
    .filter(({ shape: [, , h, w], kernel, stride, padding, outputPadding }) => {
      const least = (Math.min(h, w) - 1) * stride - 2 * padding + kernel + outputPadding;
      return least >= 1 && outputPadding < stride;
    }),
  ({ shape, out, kernel, ...options }, random) => {
    const [x, w, b] = [shape, [shape[1], out, kernel, kernel], [out]].map((s) => uniform(random, s));
    return {
      inputs: [x, w, b],
      forward: (x, w, b) => engine.convTranspose2d(x, w, b, options),
      expected: reference.convTranspose2d(x, w, b, options),
      gradients(dy) {
        const { dx, dw, db } = reference.convTranspose2dGradient(x, w, b, options, dy);
        return [dx, dw, db];
      },
    };
  },
);

property(
  "reflectionPad2d and replicationPad2d",
  fc.record({ shape: image(), padding: extent(5, 0), reflect: fc.boolean() }),
  ({ shape, padding: asked, reflect }, random) => {
    const x = uniform(random, shape);
    const padding = reflect ? Math.min(asked, shape[2] - 1, shape[3] - 1) : asked;
    const [forward, plain, gradient] = reflect
      ? [engine.reflectionPad2d, reference.reflectionPad2d, reference.reflectionPad2dGradient]
      : [engine.replicationPad2d, reference.replicationPad2d, reference.replicationPad2dGradient];
    return {
      inputs: [x],
      forward: (x) => forward(x, padding),
      expected: plain(x, padding),
      gradients: (dy) => [gradient(x, padding, dy).dx],
    };
  },
);

property("blurDown and blurUp", fc.record({ shape: image(2), down: fc.boolean() }), ({ shape, down }, random) => {
  const x = uniform(random, shape);
  const [forward, plain, gradient] = down
    ? [engine.blurDown, reference.blurDown, reference.blurDownGradient]
    : [engine.blurUp, reference.blurUp, reference.blurUpGradient];
  return { inputs: [x], forward, expected: plain(x), gradients: (dy) => [gradient(x, dy).dx] };
});

property(
  "instanceNorm",
  fc.record({
    shape: fc.tuple(extent(3), extent(5), extent(40, 2), extent(20, 2)),
    activation: fc.constantFrom("none" as const, "relu" as const, "leakyRelu" as const),
    withResidual: fc.boolean(),
  }),
  ({ shape, activation, withResidual }, random) => {
    const x = uniform(random, shape, 1, 4);
    const residual = withResidual ? uniform(random, shape) : undefined;
    // A large epsilon keeps the gradient of tiny planes from being all cancellation.
    const options = { activation, slope: 0.3, eps: 0.1, residual };
    return {
      inputs: residual ? [x, residual] : [x],
      forward: (x, residual) => engine.instanceNorm(x, { ...options, residual }),
      expected: reference.instanceNorm(x, options),
      gradients(dy) {
        const { dx } = reference.instanceNormGradient(x, options, dy);
        return residual ? [dx, dy] : [dx];
      },
    };
  },
);

/** Two shapes of up to four axes that broadcast. */
const broadcasting = fc
  .array(fc.tuple(extent(5), fc.constantFrom("both", "a", "b")), { maxLength: 4 })
  .chain((axes) => fc.tuple(fc.constant(axes), extent(axes.length, 0)))
  .map(([axes, missing]): [Shape, Shape] => [
    axes.map(([n, who]) => (who === "b" ? 1 : n)),
    axes.map(([n, who]) => (who === "a" ? 1 : n)).slice(missing),
  ]);

property(
  "broadcasting arithmetic",
  fc.tuple(broadcasting, fc.constantFrom("add", "sub", "mul", "div")),
  ([[shapeA, shapeB], name], random) => {
    const [a, b] = [uniform(random, shapeA, 0.5, 2), uniform(random, shapeB, 0.5, 2)];
    const table = {
      add: [engine.add, reference.add, reference.addGradient],
      sub: [engine.sub, reference.sub, reference.subGradient],
      mul: [engine.mul, reference.mul, reference.mulGradient],
      div: [engine.div, reference.div, reference.divGradient],
    } as const;
    const [forward, plain, gradient] = table[name as keyof typeof table];
    return {
      inputs: [a, b],
      forward,
      expected: plain(a, b),
      gradients(dy) {
        const { da, db } = gradient(a, b, dy);
        return [da, db];
      },
    };
  },
);

property(
  "sums and means",
  fc
    .record({
      shape: fc.array(extent(9), { minLength: 1, maxLength: 5 }),
      long: fc.boolean(),
      mask: extent(31, 0),
      keepdim: fc.boolean(),
      mean: fc.boolean(),
    })
    .map(({ shape, long, ...rest }) => ({ shape: long ? [...shape.slice(0, 2), 150] : shape, ...rest })),
  ({ shape, mask, keepdim, mean }, random) => {
    const x = uniform(random, shape, 0, 1);
    const axes = shape.map((_, i) => i).filter((i) => mask & (1 << i));
    const [forward, plain, gradient] = mean
      ? [engine.mean, reference.mean, reference.meanGradient]
      : [engine.sum, reference.sum, reference.sumGradient];
    return {
      inputs: [x],
      forward: (x) => forward(x, axes, keepdim),
      expected: plain(x, axes, keepdim),
      gradients: (dy) => [gradient(x, axes, keepdim, dy).dx],
    };
  },
);

property(
  "matmul",
  fc.record({
    size: fc.tuple(extent(70), extent(40), extent(70)),
    batch: fc.option(extent(3)),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
  }),
  ({ size: [m, k, n], batch, transposeA, transposeB }, random) => {
    const lead = batch === null ? [] : [batch];
    const a = uniform(random, [...lead, ...(transposeA ? [k, m] : [m, k])]);
    const b = uniform(random, [...lead, ...(transposeB ? [n, k] : [k, n])]);
    const options = { transposeA, transposeB };
    return {
      inputs: [a, b],
      forward: (a, b) => engine.matmul(a, b, options),
      expected: reference.matmul(a, b, options),
      gradients(dy) {
        const { da, db } = reference.matmulGradient(a, b, options, dy);
        return [da, db];
      },
    };
  },
);

property(
  "gatherPositions, with positions that repeat",
  fc.record({ shape: image(), patches: extent(20), perImage: fc.boolean() }),
  ({ shape, patches, perImage }, random) => {
    const x = uniform(random, shape);
    const ids = positions(random, perImage ? shape[0] * patches : patches, shape[2] * shape[3]);
    return {
      inputs: [x],
      forward: (x) => engine.gatherPositions(x, x.gpu.tensor(ids, perImage ? [shape[0], patches] : undefined)),
      expected: reference.gatherPositions(x, ids, { perImage }),
      gradients: (dy) => [reference.gatherPositionsGradient(x, ids, { perImage }, dy).dx],
    };
  },
);

property(
  "patchNce in groups",
  fc.record({ groups: extent(3), patches: extent(40), channels: extent(40, 2) }),
  ({ groups, patches, channels }, random) => {
    const [q, k] = [0, 1].map(() => unitRows(random, groups * patches, channels));
    // A low temperature leaves some rows with a loss of next to nothing; 0.2 does not.
    const options = { groups, tau: 0.2 };
    return {
      inputs: [q, k],
      forward: (q, k) => engine.patchNce(q, k, options),
      expected: reference.patchNce(q, k, options),
      gradients: (dy) => [reference.patchNceGradient(q, k, options, dy).dq, null],
    };
  },
);

property(
  "moving images: slices of concatenations, flipped and expanded",
  fc.record({ lengths: fc.array(extent(3), { minLength: 2, maxLength: 3 }), width: extent(9) }),
  ({ lengths, width }, random) => {
    const inputs = lengths.map((n) => uniform(random, [n, 2, width]));
    const total = lengths.reduce((a, b) => a + b);
    const joined = reference.slice(reference.concat(inputs), 1, total);
    return {
      inputs,
      forward(...xs) {
        const moved = engine.flipHorizontal(engine.slice(engine.concat(xs), 1, total));
        return engine.expand(moved, [2, ...moved.shape]);
      },
      expected: broadcastTo(reference.flipHorizontal(joined), [2, ...joined.shape]),
      gradients(dy) {
        const moved = reference.flipHorizontal(reference.sum(dy, [0]));
        return reference.concatGradient(inputs, reference.sliceGradient(reference.concat(inputs), 1, total, moved).dx)
          .dxs;
      },
    };
  },
);

test.run();
