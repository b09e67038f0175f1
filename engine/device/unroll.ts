// Unrolls the loops of a kernel that have constant bounds. SwiftShader does not unroll, and keeps an array in memory if
// an index into it is not constant, with one access per element: 9.5 ns where arithmetic takes 0.5. lavapipe unrolls,
// but not where several loops share an array: a product took 2.5 times as long. GPUs' drivers unroll by themselves, so
// openGpu loads this for software adapters only, and engine/device/subgroup-matrix.ts for its kernels.
// Limits: loops `for (var i = A; i < B; i++)`, or `i += C`, of at most MAX_ITERATIONS iterations; A, B and C are
// numbers, constants of the module, counters of enclosing loops, and + - * / % min max of these; the counter is not
// assigned to. A loop with `break` or `continue` is left as it is. Functions must not shadow the names of constants or
// counters.

/** More than the rows of a product's workgroup, or the pixels that a kernel keeps in registers. */
const MAX_ITERATIONS = 32;

const LOOP = /\bfor ?\(var (\w+) ?= ?([^;]+); ?\1 ?< ?([^;]+); ?\1 ?(?:\+\+|\+= ?([^){]+))\) ?\{/;

type Constants = ReadonlyMap<string, number>;

/** The text of a kernel, after its constants were replaced, with all loops unrolled for which that is possible. */
export function unrolled(code: string): string {
  const constants = new Map<string, number>();
  const declared = [...code.matchAll(/^const (\w+)[^=]*= ?([^;]+);/gm)];
  // A constant may be declared after its uses.
  for (let known = -1; known < constants.size; ) {
    known = constants.size;
    for (const [, name, expression] of declared) {
      const value = evaluate(expression, constants);
      if (value !== undefined) constants.set(name, value);
    }
  }
  return unrollLoops(code, constants);
}

function unrollLoops(code: string, constants: Constants): string {
  const found = LOOP.exec(code);
  if (!found) return code;
  const [head, counter, first, end, step] = found;
  const start = found.index + head.length;
  const stop = closingBrace(code, start);
  const body = code.slice(start, stop);
  const values = iterationsOf(first, end, step ?? "1", constants);
  const type = first.trim().endsWith("u") ? "u" : "i";
  const loop =
    values && !/\b(break|continue)\b/.test(body)
      ? values
          .map((i) => `{const ${counter}=${i}${type};${unrollLoops(body, new Map(constants).set(counter, i))}}`)
          .join("")
      : `${head}${unrollLoops(body, constants)}}`;
  return code.slice(0, found.index) + loop + unrollLoops(code.slice(stop + 1), constants);
}

/** The counter's value in each iteration; undefined if unknown, or if there are too many. */
function iterationsOf(first: string, end: string, step: string, constants: Constants): number[] | undefined {
  const [from, to, by] = [first, end, step].map((expression) => evaluate(expression, constants));
  if (from === undefined || to === undefined || !by) return undefined;
  const count = Math.max(0, Math.ceil((to - from) / by));
  return count > MAX_ITERATIONS ? undefined : Array.from({ length: count }, (_, i) => from + i * by);
}

/** The index of the brace that closes the block whose content begins at `start`. */
function closingBrace(code: string, start: number): number {
  let depth = 1;
  let at = start;
  while (depth > 0) {
    const character = code[at++];
    if (character === "{") depth++;
    if (character === "}") depth--;
  }
  return at - 1;
}

/** The value of an integer expression of WGSL; undefined if it contains anything unknown. */
function evaluate(expression: string, constants: Constants): number | undefined {
  const tokens = expression.match(/\w+|\S/g) ?? [];
  const value = sum();
  return tokens.length || !Number.isInteger(value) ? undefined : value;

  function sum(): number {
    let total = product();
    while (tokens[0] === "+" || tokens[0] === "-") total += tokens.shift() === "+" ? product() : -product();
    return total;
  }
  function product(): number {
    let total = factor();
    while (tokens[0] === "*" || tokens[0] === "/" || tokens[0] === "%") {
      const operator = tokens.shift();
      const other = factor();
      total = operator === "*" ? total * other : operator === "/" ? Math.trunc(total / other) : total % other;
    }
    return total;
  }
  function factor(): number {
    const token = tokens.shift() ?? "";
    if (/^\d+[ui]?$/.test(token)) return Number.parseInt(token, 10);
    if (token === "(") return closed(sum());
    if (token !== "min" && token !== "max") return constants.get(token) ?? Number.NaN;
    tokens.shift();
    const one = sum();
    tokens.shift();
    return closed(Math[token](one, sum()));
  }
  function closed(value: number): number {
    return tokens.shift() === ")" ? value : Number.NaN;
  }
}
