// Operators that act on each element alone: activations, arithmetic of two tensors that broadcast, and arithmetic with
// constants. At zero the ReLUs take the slope of their negative side, as PyTorch does.
import { broadcastShape, broadcastTo, sumTo } from "../lib/reference/broadcast.js";
import { type Dense, zeros } from "../lib/reference/dense.js";

export function relu(x: Dense): Dense {
  return leakyRelu(x, 0);
}

export function reluGradient(x: Dense, dy: Dense): { dx: Dense } {
  return leakyReluGradient(x, 0, dy);
}

/** x where positive, slope * x elsewhere. */
export function leakyRelu(x: Dense, slope: number): Dense {
  const y = zeros(x.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[i] > 0 ? x.data[i] : slope * x.data[i];
  return y;
}

export function leakyReluGradient(x: Dense, slope: number, dy: Dense): { dx: Dense } {
  const dx = zeros(x.shape);
  for (let i = 0; i < dx.data.length; i++) dx.data[i] = x.data[i] > 0 ? dy.data[i] : slope * dy.data[i];
  return { dx };
}

export function tanh(x: Dense): Dense {
  const y = zeros(x.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = Math.tanh(x.data[i]);
  return y;
}

/** 1 - tanh^2 as 4 e / (1 + e)^2 with e = exp(-2|x|), which keeps its digits where tanh has rounded to 1. */
export function tanhGradient(x: Dense, dy: Dense): { dx: Dense } {
  const dx = zeros(x.shape);
  for (let i = 0; i < dx.data.length; i++) {
    const e = Math.exp(-2 * Math.abs(x.data[i]));
    dx.data[i] = (dy.data[i] * 4 * e) / (1 + e) ** 2;
  }
  return { dx };
}

/** log(1 + exp(x)), without overflow. */
export function softplus(x: Dense): Dense {
  const y = zeros(x.shape);
  for (let i = 0; i < y.data.length; i++) {
    y.data[i] = Math.max(x.data[i], 0) + Math.log1p(Math.exp(-Math.abs(x.data[i])));
  }
  return y;
}

export function softplusGradient(x: Dense, dy: Dense): { dx: Dense } {
  return { dx: mul(dy, sigmoid(x)) };
}

/** 1 / (1 + exp(-x)). */
export function sigmoid(x: Dense): Dense {
  const y = zeros(x.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = 1 / (1 + Math.exp(-x.data[i]));
  return y;
}

export function sigmoidGradient(x: Dense, dy: Dense): { dx: Dense } {
  const dx = zeros(x.shape);
  for (let i = 0; i < dx.data.length; i++) {
    const e = Math.exp(-Math.abs(x.data[i]));
    dx.data[i] = (dy.data[i] * e) / (1 + e) ** 2;
  }
  return { dx };
}

export function add(a: Dense, b: Dense): Dense {
  const { y, p, q } = pairUp("add", a, b);
  for (let i = 0; i < y.data.length; i++) y.data[i] = p[i] + q[i];
  return y;
}

export function addGradient(a: Dense, b: Dense, dy: Dense): { da: Dense; db: Dense } {
  return { da: sumTo(dy, a.shape), db: sumTo(dy, b.shape) };
}

/** a - b, broadcast. */
export function sub(a: Dense, b: Dense): Dense {
  const { y, p, q } = pairUp("sub", a, b);
  for (let i = 0; i < y.data.length; i++) y.data[i] = p[i] - q[i];
  return y;
}

export function subGradient(a: Dense, b: Dense, dy: Dense): { da: Dense; db: Dense } {
  return { da: sumTo(dy, a.shape), db: sumTo(scale(dy, -1), b.shape) };
}

/** a * b element by element, broadcast. */
export function mul(a: Dense, b: Dense): Dense {
  const { y, p, q } = pairUp("mul", a, b);
  for (let i = 0; i < y.data.length; i++) y.data[i] = p[i] * q[i];
  return y;
}

export function mulGradient(a: Dense, b: Dense, dy: Dense): { da: Dense; db: Dense } {
  return { da: sumTo(mul(dy, b), a.shape), db: sumTo(mul(dy, a), b.shape) };
}

/** a / b element by element, broadcast. */
export function div(a: Dense, b: Dense): Dense {
  const { y, p, q } = pairUp("div", a, b);
  for (let i = 0; i < y.data.length; i++) y.data[i] = p[i] / q[i];
  return y;
}

export function divGradient(a: Dense, b: Dense, dy: Dense): { da: Dense; db: Dense } {
  return {
    da: sumTo(div(dy, b), a.shape),
    db: sumTo(scale(div(mul(dy, a), square(b)), -1), b.shape),
  };
}

/** Both inputs as arrays of the common shape, and room for the output. */
function pairUp(operator: string, a: Dense, b: Dense) {
  const shape = broadcastShape(operator, a.shape, b.shape);
  return { y: zeros(shape), p: broadcastTo(a, shape).data, q: broadcastTo(b, shape).data };
}

/** factor * x + offset. */
export function scale(x: Dense, factor: number, offset = 0): Dense {
  const y = zeros(x.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = factor * x.data[i] + offset;
  return y;
}

export function scaleGradient(_x: Dense, factor: number, _offset: number, dy: Dense): { dx: Dense } {
  return { dx: scale(dy, factor) };
}

export function square(x: Dense): Dense {
  return mul(x, x);
}

export function squareGradient(x: Dense, dy: Dense): { dx: Dense } {
  return { dx: scale(mul(x, dy), 2) };
}

export function sqrt(x: Dense): Dense {
  const y = zeros(x.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = Math.sqrt(x.data[i]);
  return y;
}

/** Infinite at zero, where the root has no slope. */
export function sqrtGradient(x: Dense, dy: Dense): { dx: Dense } {
  return { dx: div(scale(dy, 0.5), sqrt(x)) };
}
