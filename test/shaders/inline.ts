// Inlines function calls for wgsl_reflect's interpreter, which in lockstep gives all invocations the arguments of the
// last one. Limits: functions with one return, at the end, or none; others, and calls in the head of a loop, are left
// as they are. A pointer to a variable becomes the variable. The text must have no comments, as build.mjs leaves it.

interface Function {
  params: { name: string; type: string }[];
  statements: string;
  /** The expression that it returns, if any, and the names that it declares. */
  result?: string;
  locals: string[];
}

/** The index of the bracket that closes the one at `start`. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if ("({[".includes(text[i])) depth++;
    else if (")}]".includes(text[i]) && --depth === 0) return i;
  }
  throw new Error("a bracket that does not close");
}

/** Splits a list at the commas that are not in brackets. */
function parts(list: string): string[] {
  const found = [""];
  let depth = 0;
  for (const c of list) {
    if ("({[".includes(c)) depth++;
    else if (")}]".includes(c)) depth--;
    if (c === "," && depth === 0) found.push("");
    else found[found.length - 1] += c;
  }
  return found.map((part) => part.trim()).filter(Boolean);
}

/** A function's parts, if it can be inlined. */
function parse(params: string, body: string): Function | undefined {
  const known = parts(params).map((param) => {
    const [name, type] = param.split(":").map((word) => word.trim());
    return { name, type };
  });
  const [statements, result, ...more] = body.split(/\breturn\b/);
  if (result === undefined) return { params: known, statements, locals: [] };
  const last = /^([^;{}]+);\s*$/.exec(result);
  if (!last || more.length) return undefined;
  const locals = [...statements.matchAll(/\b(?:let|var) (\w+)/g)].map(([, name]) => name);
  return { params: known, statements, result: last[1], locals };
}

/** The code with all calls of such functions inlined, and the functions removed. */
export function inlineCalls(code: string): string {
  const functions = new Map<string, Function>();
  for (const match of [...code.matchAll(/^fn (?!main\b)(\w+)\(/gm)].reverse()) {
    const open = match.index + match[0].length - 1;
    const body = code.indexOf("{", open);
    const end = closing(code, body);
    const found = parse(code.slice(open + 1, closing(code, open)), code.slice(body + 1, end));
    if (!found) continue;
    functions.set(match[1], found);
    code = code.slice(0, match.index) + code.slice(end + 1);
  }
  if (functions.size === 0) return code;

  const call = new RegExp(`\\b(${[...functions.keys()].join("|")})\\(`, "g");
  for (let count = 0; ; count++) {
    // The last call has no other call among its arguments.
    const match = [...code.matchAll(call)].at(-1);
    if (!match) return code;
    const open = match.index + match[0].length - 1;
    const end = closing(code, open);
    const args = parts(code.slice(open + 1, end));
    const { params, statements, result, locals } = functions.get(match[1]) as Function;
    const own = (text: string) =>
      [...params.map(({ name }) => name), ...locals].reduce((renamed, name, i) => {
        const pointee = /^&(\w+)$/.exec(args[i] ?? "")?.[1];
        if (pointee === undefined) {
          return renamed.replace(new RegExp(`(?<![.\\w])${name}\\b`, "g"), `${name}_${count}`);
        }
        const pointer = new RegExp(`\\(\\*${name}\\)|(?<![.\\w])${name}\\b`, "g");
        return renamed.replace(pointer, (use) => (use === name ? `&${pointee}` : pointee));
      }, text);
    const given = params.flatMap(({ name, type }, i) =>
      args[i].startsWith("&") ? [] : [`let ${name}_${count}: ${type} = ${args[i]};`],
    );
    const before = `${given.join("\n")}\n${own(statements)}`;
    const statement = Math.max(...[";", "{", "}"].map((c) => code.lastIndexOf(c, match.index))) + 1;
    const head = code.slice(0, statement);
    if (result === undefined) {
      code = `${head}\n{\n${before}}\n${code.slice(end + 2)}`;
    } else {
      const value = `let result_${count} = ${own(result)};`;
      code = `${head}\n${before}\n${value}\n${code.slice(statement, match.index)}result_${count}${code.slice(end + 1)}`;
    }
  }
}
