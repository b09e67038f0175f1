// What is recorded for one size: once while the size stays, and given back with the next size, the end or a failure.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SizedPass } from "../../../cut/translation/sized-pass.js";

/** Passes that note what they make and dispose. */
function noted() {
  const events: string[] = [];
  const made = new SizedPass<string, [fail?: boolean]>(async ({ height, width }, own, fail = false) => {
    const name = `${height}x${width}`;
    events.push(`make ${name}`);
    for (const part of ["input", "program"]) {
      own({ dispose: () => void events.push(`dispose ${part} ${name}`) });
      if (fail) throw new Error("no memory");
    }
    return name;
  });
  const of = (size: { height: number; width: number }, ...fail: [boolean?]) => made.use(size, (name) => name, ...fail);
  return { events, passes: { of, use: made.use.bind(made), dispose: () => made.dispose() } };
}

test("a pass is made once for a size, and disposed, last part first, before that of another", async () => {
  const { events, passes } = noted();
  assert.is(await passes.of({ height: 4, width: 8 }), "4x8");
  assert.is(await passes.of({ height: 4, width: 8 }), "4x8");
  await passes.of({ height: 8, width: 4 });
  assert.equal(events, ["make 4x8", "dispose program 4x8", "dispose input 4x8", "make 8x4"]);
  passes.dispose();
  passes.dispose();
  assert.equal(events.slice(4), ["dispose program 8x4", "dispose input 8x4"]);
});

test("where making fails, what was made on the way is disposed, and the next try begins anew", async () => {
  const { events, passes } = noted();
  const message = await passes.of({ height: 4, width: 4 }, true).catch((error: Error) => error.message);
  assert.is(message, "no memory");
  assert.equal(events, ["make 4x4", "dispose input 4x4"]);
  assert.is(await passes.of({ height: 4, width: 4 }), "4x4");
});

test("uses at once follow one another, and one that fails does not stop the next", async () => {
  const { events, passes } = noted();
  const use = (height: number, fail = false) =>
    passes.use({ height, width: 4 }, async (name) => {
      events.push(`begin ${name}`);
      await new Promise((resolve) => setTimeout(resolve));
      if (fail) throw new Error("no picture");
      events.push(`end ${name}`);
    });
  const settled = await Promise.allSettled([use(4), use(8, true), use(4)]);
  assert.equal(
    settled.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  const first = ["make 4x4", "begin 4x4", "end 4x4", "dispose program 4x4", "dispose input 4x4"];
  const second = ["make 8x4", "begin 8x4", "dispose program 8x4", "dispose input 8x4"];
  assert.equal(events, [...first, ...second, ...first.slice(0, 3)]);
});

test("what is disposed while a pass is made leaves none", async () => {
  const { events, passes } = noted();
  const name = passes.of({ height: 4, width: 4 });
  passes.dispose();
  assert.is(await name, "4x4");
  assert.equal(events, ["make 4x4", "dispose program 4x4", "dispose input 4x4"]);
});

test.run();
