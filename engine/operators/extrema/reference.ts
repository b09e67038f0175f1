// The largest and smallest elements over axes, and their indices.
import type { Dense } from "../lib/reference/dense.js";
import { reduce } from "../lib/reference/reduce.js";

/** Maximum over axes. */
export const max = (x: Dense, axes?: readonly number[], keepdim = false): Dense =>
  reduce(x, (values) => Math.max(...values), axes, keepdim);

/** Minimum over axes. */
export const min = (x: Dense, axes?: readonly number[], keepdim = false): Dense =>
  reduce(x, (values) => Math.min(...values), axes, keepdim);

/** Index of the first maximum along an axis. */
export const argmax = (x: Dense, axis: number): Dense =>
  reduce(x, (values) => values.indexOf(Math.max(...values)), [axis]);

/** Index of the first minimum along an axis. */
export const argmin = (x: Dense, axis: number): Dense =>
  reduce(x, (values) => values.indexOf(Math.min(...values)), [axis]);
