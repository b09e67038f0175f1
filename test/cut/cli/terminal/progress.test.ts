// Progress: how seconds and speeds are written, and the lines where there is no terminal.
import { EventEmitter } from "node:events";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { formatSeconds, formatSpeed, printAbove, startProgress } from "../../../../cut/cli/terminal/progress.js";

test("seconds and speeds are told as people say them", () => {
  assert.equal([0, 59.4, 185, 7620, 273600, Number.POSITIVE_INFINITY].map(formatSeconds), [
    "0s",
    "59s",
    "3m05s",
    "2h07m",
    "3d04h",
    "?",
  ]);
  assert.equal([0, 0.25, 2, 1234].map(formatSpeed), ["-", "4.00 s each", "2.00/s", "1234/s"]);
});

test("off a terminal progress is a plain line now and then", () => {
  const lines: string[] = [];
  let time = 0;
  const stream = { isTTY: false, write: (line: string) => lines.push(line) } as unknown as NodeJS.WriteStream;
  const progress = startProgress({
    label: "training",
    total: 100,
    start: 20,
    stream,
    now: () => time,
  });
  for (let step = 21; step <= 45; step++) {
    time += 1000;
    progress.update(step, `G_GAN ${step}`);
  }
  progress.log("skipped a.png");
  progress.stop();
  assert.equal(lines, [
    "training 30/100 (30%), 1.00/s, 1m10s left, G_GAN 30\n",
    "training 40/100 (40%), 1.00/s, 1m00s left, G_GAN 40\n",
    "skipped a.png\n",
    "training 45/100 (45%), 1.00/s, 55s left, G_GAN 45\n",
  ]);
});

test("a name in the text cannot reach the terminal's controls", () => {
  const lines: string[] = [];
  const stream = { isTTY: false, write: (line: string) => lines.push(line) } as unknown as NodeJS.WriteStream;
  const progress = startProgress({ label: "translating", total: 2, stream, lineDue: () => true });
  progress.update(1, "a\u001b[2J\n.png");
  progress.log("skipped b\u0007.png");
  assert.match(lines[0], /, a\\u001b\[2J\\u000a\.png\n$/);
  assert.is(lines[1], "skipped b\\u0007.png\n");
});

test("a line that is due is printed once, whatever happens at its step", () => {
  const lines: string[] = [];
  const stream = { isTTY: false, write: (line: string) => lines.push(line) } as unknown as NodeJS.WriteStream;
  const progress = startProgress({ label: "training", total: 9, stream, now: () => 0, lineDue: (done) => done === 2 });
  for (const [done, text] of [
    [1, "a"],
    [2, "b"],
    [2, "evaluating 1 of 2"],
    [2, "evaluating 2 of 2"],
    [3, "c"],
  ] as const) {
    progress.update(done, text);
  }
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^training 2\/9 .*, b\n$/);
});

test("the end does not repeat a line that just told the same", () => {
  const lines: string[] = [];
  let time = 0;
  const stream = { isTTY: false, write: (line: string) => lines.push(line) } as unknown as NodeJS.WriteStream;
  const progress = startProgress({ label: "bench", total: 2, stream, now: () => time });
  for (const [done, text] of [
    [1, "relu"],
    [2, ""],
  ] as const) {
    time += 20_000;
    progress.update(done, text);
  }
  progress.stop();
  assert.is(lines.length, 2);
  assert.match(lines[1], /^bench 2\/2 /);
});

/** A terminal, and what was written to it. */
function terminal() {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const stream = Object.assign(new EventEmitter(), { isTTY: true, columns: 60, write });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => written.join("") };
}

test("results above the bar are lines, and the terminal wraps those that are longer than it is wide", () => {
  const { stream, text } = terminal();
  const progress = startProgress({ label: "bench", total: 2, stream });
  const row = `relu${" ".repeat(100)}0.6 ms`;
  printAbove(progress, `kernels\n${row}`, true);
  progress.stop();
  assert.not.match(text(), "u000a");
  for (const line of ["kernels", row]) {
    const before = text().slice(0, text().indexOf(`${line}\n`));
    assert.ok(before.lastIndexOf("\u001b[?7h") > before.lastIndexOf("\u001b[?7l"), line);
  }
});

test("a terminal gets its line wrap back however the process ends", () => {
  const { stream, text } = terminal();
  const before = process.listeners("exit");
  const left = startProgress({ label: "training", total: 2, stream });
  const [added] = process.listeners("exit").filter((listener) => !before.includes(listener));
  try {
    assert.match(text(), "\u001b[?7l");
    (added as () => void)();
    assert.ok(text().lastIndexOf("\u001b[?7h") > text().lastIndexOf("\u001b[?7l"));
  } finally {
    left.stop();
  }
  assert.equal(process.listeners("exit"), before);
});

test.run();
