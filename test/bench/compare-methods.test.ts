// The comparison of methods in its short form: two steps of three of them on four small pictures.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compareMethods, type MethodName, TABLE_HEAD, tableRow } from "../../bench/compare-methods.js";
import type { Picture } from "../../cut/data/picture.js";
import { testGpu } from "../support/gpu.js";

const SIZE = 32;

/** Stripes whose width is the number, the channels unlike each other. */
const picture = (stripe: number): Picture => ({
  width: SIZE,
  height: SIZE,
  channels: 3,
  data: Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, i) => ((Math.floor(i / stripe) * 50) % 256) + (i % 3)),
});

test("a method has a row with finite figures, and the same seed the same ones", async () => {
  const gpu = await testGpu("software");
  const pictures = {
    filesA: ["3", "4"],
    filesB: ["9", "7"],
    read: async (name: string) => picture(Number(name)),
    heldOut: [5, 6, 8, 11].map((stripe) => ({ input: picture(stripe), truth: picture(2 * stripe) })),
  };
  const compare = async (...methods: MethodName[]) => {
    const rows: string[] = [];
    for await (const row of compareMethods(gpu, pictures, { methods, steps: 2, seed: 1, size: SIZE })) {
      assert.ok([row.L1, row.SSIM, row.SWD].every(Number.isFinite), row.name);
      assert.is(row.seconds === null, row.name === "the input itself");
      rows.push(tableRow({ ...row, seconds: null }));
    }
    return rows;
  };
  const names = ["CUT", "EnCo", "DCLGAN"] as const;
  const rows = await compare(...names);
  assert.equal(
    rows.map((row) => row.split(" | ")[0].slice(2)),
    ["the input itself", ...names],
  );
  assert.is(new Set(rows.map((row) => row.split(" | ").slice(1).join())).size, rows.length, "all differ");
  assert.equal(await compare("CUT"), rows.slice(0, 2));
  const columns = (line: string) => line.split("|").length;
  assert.ok(rows.every((row) => columns(row) === columns(TABLE_HEAD.split("\n")[0])));
});

test.run();
