// Loops of a kernel with constant bounds, written out pass by pass. SwiftShader leaves loops as they are, and to it an
// array at an index that is no constant is memory, every element by itself: 9.5 ns where arithmetic takes 0.5. Other
// drivers unroll by themselves, so openGpu loads this for SwiftShader alone, and engine/device/matrix-units.ts for its
// kernels.
// Limits: loops `for (var i = A; i < B; i++)`, or `i += C`, of at most MOST_PASSES passes; A, B and C are numbers,
// constants of the module, counters of loops around, and + - * / % min max of such; the counter is not assigned to.
// A loop with `break` or `continue` stays. Functions declare no name of a constant or counter a second time.

/** The longest window of pixels that a kernel of the engine keeps in registers, with room. */
const MOST_PASSES = 24;

const LOOP = /\bfor ?\(var (\w+) ?= ?([^;]+); ?\1 ?< ?([^;]+); ?\1 ?(?:\+\+|\+= ?([^){]+))\) ?\{/;

type Constants = ReadonlyMap<string, number>;

/** The text of a kernel, whose constants have their values, without loops that can be written out. */
export function unrolled(code: string): string {
  const constants = new Map<string, number>();
  const declared = [...code.matchAll(/^const (\w+)[^=]*= ?([^;]+);/gm)];
  // A constant may be declared behind those that it is needed for.
  for (let known = -1; known < constants.size; ) {
    known = constants.size;
    for (const [, name, expression] of declared) {
      const value = evaluate(expression, constants);
      if (value !== undefined) constants.set(name, value);
    }
  }
  return writeOut(code, constants);
}

function writeOut(code: string, constants: Constants): string {
  const found = LOOP.exec(code);
  if (!found) return code;
  const [head, counter, first, end, step] = found;
  const start = found.index + head.length;
  const stop = closingBrace(code, start);
  const body = code.slice(start, stop);
  const passes = passesOf(first, end, step ?? "1", constants);
  const type = first.trim().endsWith("u") ? "u" : "i";
  const loop =
    passes && !/\b(break|continue)\b/.test(body)
      ? passes
          .map((i) => `{const ${counter}=${i}${type};${writeOut(body, new Map(constants).set(counter, i))}}`)
          .join("")
      : `${head}${writeOut(body, constants)}}`;
  return code.slice(0, found.index) + loop + writeOut(code.slice(stop + 1), constants);
}

/** What the counter is in each pass; undefined where that is not known, or too much to write. */
function passesOf(first: string, end: string, step: string, constants: Constants): number[] | undefined {
  const [from, to, by] = [first, end, step].map((expression) => evaluate(expression, constants));
  if (from === undefined || to === undefined || !by) return undefined;
  const passes = Math.max(0, Math.ceil((to - from) / by));
  return passes > MOST_PASSES ? undefined : Array.from({ length: passes }, (_, i) => from + i * by);
}

/** Where the block ends whose first character is at `start`. */
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

/** The value of an integer expression of WGSL; undefined where it has anything else in it. */
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
