// Principal components against cases that are known, and against the eigenvectors of the whole matrix.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { principalComponents, stretchToBytes, symmetricEigen } from "../../../cut/inspection/pca.js";
import { Random } from "../../../engine/lib/random.js";

test("principal components of points along known axes are those axes, the widest first", () => {
  // Variances 9, 4 and 1 along three orthonormal directions of four channels; nothing along the fourth.
  const axes = [
    [0.5, 0.5, 0.5, 0.5],
    [0.5, 0.5, -0.5, -0.5],
    [0.5, -0.5, 0.5, -0.5],
  ];
  const covariance = Float64Array.from({ length: 16 }, (_, k) =>
    [9, 4, 1].reduce((sum, variance, i) => sum + variance * axes[i][Math.floor(k / 4)] * axes[i][k % 4], 0),
  );
  const { variances, vectors } = principalComponents(covariance, 4);
  [9, 4, 1].forEach((variance, i) => {
    assert.ok(Math.abs(variances[i] - variance) < 1e-9, `variance ${i}: ${variances[i]}`);
    // The sign is that which makes the largest entry positive; here all are equally large up to rounding.
    const sign = Math.sign(vectors[i][0]);
    for (let c = 0; c < 4; c++)
      assert.ok(Math.abs(sign * vectors[i][c] - axes[i][c]) < 1e-8, `axis ${i}: ${vectors[i]}`);
  });
});

test("of many channels, three components are eigenvectors with a positive largest entry, the same every time", () => {
  const n = 64;
  const random = new Random(3);
  const rows = Array.from({ length: 100 }, () => Array.from({ length: n }, () => random.normal()));
  const covariance = Float64Array.from({ length: n * n }, (_, k) =>
    rows.reduce((sum, row) => sum + (row[Math.floor(k / n)] * row[k % n]) / rows.length, 0),
  );
  const { variances, vectors } = principalComponents(covariance, n);
  const whole = symmetricEigen(covariance, n);
  vectors.forEach((vector, i) => {
    assert.ok(Math.abs(variances[i] - whole.values[i]) < 1e-8, "as Jacobi's method finds on the whole matrix");
    const image = Float64Array.from(vector, (_, r) =>
      vector.reduce((sum, value, c) => sum + covariance[r * n + c] * value, 0),
    );
    assert.ok(image.every((value, c) => Math.abs(value - variances[i] * vector[c]) < 1e-7));
    assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-9);
    const largest = [...vector].sort((a, b) => Math.abs(b) - Math.abs(a))[0];
    assert.ok(largest > 0);
  });
  assert.equal(principalComponents(covariance, n), { variances, vectors });
});

test("constant features and single channels have components too", () => {
  assert.equal([...principalComponents(new Float64Array(16), 4).variances], [0, 0, 0]);
  const single = principalComponents(Float64Array.of(2.5), 1);
  assert.equal([[...single.variances], [...single.vectors[0]]], [[2.5], [1]]);
  assert.equal([...stretchToBytes([4, 4, 4])], [128, 128, 128]);
  assert.equal([...stretchToBytes([-1, 0, 1])], [0, 128, 255]);
});

test.run();
