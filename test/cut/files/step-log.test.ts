// Logs of a run: appended, cut at their end, and read in pieces; torn lines are passed over.
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { StepLog } from "../../../cut/files/step-log.js";

interface Row {
  step: number;
  text: string;
}

const test = suite<{ path: string }>("step log");

test.before.each((context) => {
  context.path = join(mkdtempSync(join(tmpdir(), "cutgpu-log-")), "rows.jsonl");
});
test.after.each(({ path }) => rmSync(join(path, ".."), { recursive: true, force: true }));

/** Rows of odd lengths, so that lines lie across the borders of pieces. */
const row = (step: number): Row => ({ step, text: "x".repeat(step % 7) });

function logOf(path: string, count: number): StepLog<Row> {
  writeFileSync(path, Array.from({ length: count }, (_, i) => `${JSON.stringify(row(i + 1))}\n`).join(""));
  return new StepLog<Row>(path);
}

function stepsOf(log: StepLog<Row>, most?: number): number[] {
  const steps: number[] = [];
  log.read(({ step }) => steps.push(step), most);
  return steps;
}

test("rows come back in order, over pieces of the file", ({ path }) => {
  const count = 60_000;
  const log = logOf(path, count);
  assert.ok(readFileSync(path).length > 1.5 * 2 ** 20, "more than one piece");
  assert.equal(
    stepsOf(log),
    Array.from({ length: count }, (_, i) => i + 1),
  );
  assert.equal(log.last(3), [row(count - 2), row(count - 1), row(count)]);
  assert.is(log.firstLine(), JSON.stringify(row(1)));
});

test("of a long log every so many rows are read, and each stands for as many", ({ path }) => {
  const log = logOf(path, 1000);
  const size = readFileSync(path).length;
  let [read, stoodFor] = [0, 0];
  log.read(
    (_, rows) => {
      read++;
      stoodFor += rows;
    },
    Math.ceil(size / 4),
  );
  assert.equal([read, stoodFor], [250, 1000]);
});

test("a cut keeps what was written up to a step, byte for byte", ({ path }) => {
  const log = logOf(path, 50_000);
  const before = readFileSync(path, "utf8");
  log.truncate(100);
  const after = readFileSync(path, "utf8");
  assert.ok(before.startsWith(after));
  assert.is(after.split("\n").length, 101);
  log.append(row(101));
  log.close();
  assert.equal(stepsOf(log).slice(-2), [100, 101]);
  log.truncate(0);
  assert.ok(log.empty && existsSync(path));
});

test("a torn last line is dropped by a cut and passed over by readers", ({ path }) => {
  const log = logOf(path, 3);
  for (const torn of ['{"step":4,"te', '{"step":4,"te\n', "\0\0\0"]) {
    appendFileSync(path, torn);
    assert.equal(stepsOf(log), [1, 2, 3]);
    assert.equal(log.last(2), [row(2), row(3)]);
    log.truncate(9);
    assert.is(readFileSync(path, "utf8").split("\n").length, 4);
  }
});

test("a log that is not there is empty", ({ path }) => {
  const log = new StepLog<Row>(path);
  log.truncate(5);
  assert.equal([log.empty, stepsOf(log), log.last(5), log.firstLine()], [true, [], [], ""]);
  log.append(row(1));
  log.sync();
  assert.not.ok(log.empty);
  log.close();
});

test.run();
