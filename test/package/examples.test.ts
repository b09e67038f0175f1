// Every example that the documentation shows is compiled and run: those of docstrings, of which the API reference is
// made, those of the guides, and the files of examples/.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { create, globals } from "webgpu";
import { type Gpu, openGpu } from "../../engine/index.node.js";
import { distFolder, projectFolder } from "../support/command.js";
import {
  compiled,
  docstringExamples,
  exportedValues,
  guideExamples,
  runExample,
  shortExamples,
  typeErrors,
} from "../support/examples.js";

const test = suite("examples");

const examples = [...["engine", "cut", "bench"].flatMap(docstringExamples), ...guideExamples()];
rmSync(join(distFolder, "examples"), { recursive: true, force: true });

/** Runs `work` with console.log silenced, and returns what was logged, a line per call. */
async function logged(work: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => {
    lines.push(values.map((value) => (ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value)).join(" "));
  };
  try {
    await work();
  } finally {
    console.log = log;
  }
  return lines;
}

// What the guides' examples find in a browser.
const heard: ((event: { data: unknown }) => void)[] = [];
const posted: unknown[] = [];
const browser = {
  ...globals,
  addEventListener: (_type: string, listener: (typeof heard)[number]) => heard.push(listener),
  postMessage: (message: unknown) => posted.push(message),
};

// Short examples share one module and one engine.
const shorts = examples.filter(({ short }) => short !== undefined);
let gpu: Gpu;
/** Dawn crashes where the object that create() returns is collected. */
let navigator: { gpu: GPU };
let compilation: ReturnType<typeof compiled>;
let runShort: readonly ((gpu: Gpu) => Promise<void>)[];

test.before(async () => {
  // Where there is no driver, openGpu loads one, which create() then finds, too.
  gpu = await openGpu();
  navigator = { gpu: create([]) };
  for (const [name, value] of Object.entries({ ...browser, navigator })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  compilation = compiled(examples);
  runShort = await shortExamples(shorts);
});
test.after(() => {
  gpu.dispose();
  for (const name of ["navigator", "addEventListener", "postMessage"]) Reflect.deleteProperty(globalThis, name);
});

test("every public example compiles, with the types that users get", () => {
  assert.ok(examples.length >= 10, `${examples.length} examples`);
  assert.equal(typeErrors(examples, compilation), []);
});

test("every function and class of the engine has an example in its docstring", () => {
  const values = exportedValues(compilation.program);
  assert.ok(values.length > 100, `${values.length} exports`);
  const lacking = values.filter(({ file, examples }) => {
    return file !== join("engine", "lib", "errors.ts") && !examples.some((text) => text.startsWith("```ts\n"));
  });
  const named = lacking.map(({ name, file }) => `${file}: ${name}`);
  assert.equal(named, [], "Give its docstring an @example, a block of ts, as short as those beside it.");
});

for (const [i, example] of examples.entries()) {
  const { file, line, text } = example;
  test(`the example in ${file}:${line} runs and says what its comments say`, async () => {
    const short = shorts.indexOf(example);
    const said = await logged(() => (short < 0 ? runExample(`run-${i}`, text) : runShort[short](gpu)));
    // `console.log(x); // 1, 2` promises these numbers, among others, or truth.
    const promised = [...text.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, promise]) => promise);
    const numbers = (of: string) => of.match(/-?\d+(?:\.\d+)?|\b(?:true|false)\b/g) ?? [];
    promised.forEach((promise, k) => {
      assert.equal(numbers(said[k]).slice(0, numbers(promise).length), numbers(promise), `${said[k]} // ${promise}`);
    });
    assert.ok(said.length >= promised.length);
  });
}

test("the guide's worker answers a message with blurred pixels", async () => {
  assert.is(heard.length, 1);
  heard[0]({ data: { pixels: new Float32Array(12).fill(0.5), height: 3, width: 4 } });
  while (posted.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const [blurred] = posted as Float32Array[];
  assert.is(blurred.length, 12);
  for (const value of blurred) assert.ok(Math.abs(value - 0.5) < 1e-6);
});

for (const file of readdirSync(join(projectFolder, "examples")).filter((name) => name.endsWith(".ts"))) {
  test(`examples/${file} runs`, async () => {
    await logged(async () => {
      const exported = await runExample(file, readFileSync(join(projectFolder, "examples", file), "utf8"));
      if (file === "own-method.ts") {
        const distances = exported["distances"] as number[];
        assert.ok((distances.at(-1) as number) < 0.7 * distances[0], `L1 became ${distances}`);
      }
      if (file === "gpt.ts") {
        assert.ok((exported["right"] as number) > 0.75, `of the sorted rows ${exported["right"]} are right`);
      }
      if (file !== "digits.ts") return;
      assert.ok((exported["scored"] as number) >= 0.97, `the classifier is right about ${exported["scored"]}`);
      assert.is(exported["scoredAgain"], exported["scored"]);
    });
  });
}

test("the operator with its own kernel has the right values and the right gradient", async () => {
  let exported: { readonly [name: string]: unknown } = {};
  await logged(async () => {
    const text = readFileSync(join(projectFolder, "examples", "custom-kernel.ts"), "utf8");
    exported = await runExample("custom-kernel", text);
  });
  const rows = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const cumsum = (row: number[]) => row.map((_, i) => row.slice(0, i + 1).reduce((sum, x) => sum + x));
  assert.equal([...(exported["values"] as Float32Array)], rows.flatMap(cumsum));
  const loss = (xs: number[][]) => xs.flatMap(cumsum).reduce((sum, y) => sum + (y - 1) ** 2, 0) / 6;
  const moved = (row: number, column: number, by: number) =>
    loss(rows.map((xs, r) => xs.map((x, c) => (r === row && c === column ? x + by : x))));
  // Differences of a quadratic are exact.
  const expected = rows.flatMap((xs, r) => xs.map((_, c) => (moved(r, c, 1) - moved(r, c, -1)) / 2));
  expected.forEach((value, i) => {
    assert.ok(Math.abs((exported["gradients"] as Float32Array)[i] - value) < 1e-4);
  });
});

test.run();
