// Selection by a condition.
import { broadcastShape, broadcastTo } from "../lib/reference/broadcast.js";
import type { Dense } from "../lib/reference/dense.js";

/** a where the condition is not 0, else b. */
export function where(condition: Dense, a: Dense, b: Dense): Dense {
  const shape = broadcastShape("where", broadcastShape("where", condition.shape, a.shape), b.shape);
  const [c, x, y] = [condition, a, b].map((each) => broadcastTo(each, shape).data);
  return { shape, data: c.map((value, i) => (value !== 0 ? x[i] : y[i])) };
}
