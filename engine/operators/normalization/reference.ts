// Softmax and related functions, and normalisations, line by line or group by group.
import type { Dense } from "../lib/reference/dense.js";
import { along, reduce } from "../lib/reference/reduce.js";

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const average = (values: number[]) => total(values) / values.length;
const squares = (values: number[]) => values.map((value) => (value - average(values)) ** 2);

const lse = (values: number[]) => {
  const highest = Math.max(...values);
  return highest + Math.log(total(values.map((value) => Math.exp(value - highest))));
};

export const logsumexp = (x: Dense, axes?: readonly number[], keepdim = false): Dense => reduce(x, lse, axes, keepdim);

export const logSoftmax = (x: Dense, axis: number): Dense =>
  along(x, [axis], (values) => values.map((value) => value - lse(values)));

export const softmax = (x: Dense, axis: number): Dense =>
  along(x, [axis], (values) => values.map((value) => Math.exp(value - lse(values))));

export const variance = (x: Dense, axes?: readonly number[], correction = 1, keepdim = false): Dense =>
  reduce(x, (values) => total(squares(values)) / (values.length - correction), axes, keepdim);

/** Mean 0 and biased variance 1 over axes. */
export const standardize = (x: Dense, axes: readonly number[], eps: number): Dense =>
  along(x, axes, (values) => {
    const [mu, sigma2] = [average(values), average(squares(values))];
    return values.map((value) => (value - mu) / Math.sqrt(sigma2 + eps));
  });
