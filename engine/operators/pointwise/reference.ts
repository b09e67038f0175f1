// Element-wise operators: activations, elementary functions, arithmetic and comparisons of two tensors that broadcast,
// and arithmetic with constants. At zero the derivative of ReLUs is that of their negative side, as in PyTorch.
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

/** Both inputs broadcast to the common shape, and an output of it. */
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

/** Infinite at zero. */
export function sqrtGradient(x: Dense, dy: Dense): { dx: Dense } {
  return { dx: div(scale(dy, 0.5), sqrt(x)) };
}

const map = (x: Dense, f: (value: number) => number): Dense => ({ shape: x.shape, data: x.data.map(f) });

/** An elementary function and its gradient, from its derivative. */
const elementary = (f: (x: number) => number, derivative: (x: number) => number) => ({
  forward: (x: Dense): Dense => map(x, f),
  gradient: (x: Dense, dy: Dense): { dx: Dense } => ({ dx: mul(dy, map(x, derivative)) }),
});

/** Near zero the Taylor series, and further out the continued fraction of 1 - erf, from its sixtieth term back. */
function erfOf(x: number): number {
  const a = Math.abs(x);
  if (a > 2.5) {
    let fraction = a;
    for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
    return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction));
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
const erfDerivative = (x: number) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
const sigmoidOf = (x: number) => 1 / (1 + Math.exp(-x));
const siluDerivative = (x: number) => sigmoidOf(x) * (1 + x * (1 - sigmoidOf(x)));
const normal = (x: number) => 0.5 * (1 + erfOf(x * Math.SQRT1_2));
const geluDerivative = (x: number) => normal(x) + 0.5 * x * erfDerivative(x * Math.SQRT1_2) * Math.SQRT1_2;
const inner = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const innerDerivative = (x: number) => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
const geluTanhDerivative = (x: number) =>
  0.5 * (1 + Math.tanh(inner(x))) + (0.5 * x * innerDerivative(x)) / Math.cosh(inner(x)) ** 2;

export const exp = elementary(Math.exp, Math.exp);
export const log = elementary(Math.log, (x) => 1 / x);
export const sin = elementary(Math.sin, Math.cos);
export const cos = elementary(Math.cos, (x) => -Math.sin(x));
export const abs = elementary(Math.abs, Math.sign);
export const sign = elementary(Math.sign, () => 0);
export const neg = elementary(
  (x) => -x,
  () => -1,
);
export const reciprocal = elementary(
  (x) => 1 / x,
  (x) => -1 / (x * x),
);
export const rsqrt = elementary(
  (x) => 1 / Math.sqrt(x),
  (x) => -0.5 * x ** -1.5,
);
export const erf = elementary(erfOf, erfDerivative);
export const silu = elementary((x) => x * sigmoidOf(x), siluDerivative);
export const gelu = elementary((x) => x * normal(x), geluDerivative);
export const geluTanh = elementary((x) => 0.5 * x * (1 + Math.tanh(inner(x))), geluTanhDerivative);
export const pow = (exponent: number) =>
  elementary(
    (x) => x ** exponent,
    (x) => exponent * x ** (exponent - 1),
  );
export const clamp = (min: number, max: number) =>
  elementary(
    (x) => Math.min(max, Math.max(min, x)),
    (x) => Number(x >= min && x <= max),
  );

/** A function of two operands that broadcast, with its derivative by each. */
const ofTwo = (
  name: string,
  f: (a: number, b: number) => number,
  derivatives: (a: number, b: number) => [number, number],
) => {
  const each = (a: Dense, b: Dense, value: (a: number, b: number) => number): Dense => {
    const { y, p, q } = pairUp(name, a, b);
    for (let i = 0; i < y.data.length; i++) y.data[i] = value(p[i], q[i]);
    return y;
  };
  return {
    forward: (a: Dense, b: Dense): Dense => each(a, b, f),
    gradient: (a: Dense, b: Dense, dy: Dense): { da: Dense; db: Dense } => ({
      da: sumTo(
        mul(
          dy,
          each(a, b, (u, v) => derivatives(u, v)[0]),
        ),
        a.shape,
      ),
      db: sumTo(
        mul(
          dy,
          each(a, b, (u, v) => derivatives(u, v)[1]),
        ),
        b.shape,
      ),
    }),
  };
};

/** The derivative of max(a, b) by a, half where both are equal. */
const byLarger = (a: number, b: number) => (a === b ? 0.5 : Number(a > b));
export const maximum = ofTwo("maximum", Math.max, (a, b) => [byLarger(a, b), byLarger(b, a)]);
export const minimum = ofTwo("minimum", Math.min, (a, b) => [byLarger(b, a), byLarger(a, b)]);
const comparison = (name: string, f: (a: number, b: number) => boolean) =>
  ofTwo(
    name,
    (a, b) => Number(f(a, b)),
    () => [0, 0],
  );
export const gt = comparison("gt", (a, b) => a > b);
export const lt = comparison("lt", (a, b) => a < b);
export const ge = comparison("ge", (a, b) => a >= b);
export const le = comparison("le", (a, b) => a <= b);
export const eq = comparison("eq", (a, b) => a === b);
export const ne = comparison("ne", (a, b) => a !== b);
