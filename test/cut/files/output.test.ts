// Where a command may write: never onto what it reads, by whatever path, nor onto what a run keeps, and only where it
// can.
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkOutput, isBelow } from "../../../cut/files/output.js";

const test = suite<{ at(...path: string[]): string; folder: string }>("output");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-output-"));
  context.at = (...path) => join(context.folder, ...path);
  mkdirSync(context.at("in"));
  writeFileSync(context.at("in/a.png"), "a");
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

const check = (to: string, from: string) =>
  checkOutput({ what: "--out", paths: [to] }, [{ what: "--in", paths: [from] }]);

test("a file is the same by any path: dots, links to it, links to its folder, hard links", ({ at }) => {
  symlinkSync(at("in"), at("folder"));
  symlinkSync(at("in/a.png"), at("soft.png"));
  linkSync(at("in/a.png"), at("hard.png"));
  for (const to of ["in/a.png", "in/../in/a.png", "folder/a.png", "soft.png", "hard.png"]) {
    assert.throws(() => check(at(to), at("in/a.png")), /--out would write over --in;/, to);
    assert.throws(() => check(at("in/a.png"), at(to)), /--out would write over --in;/, to);
  }
  writeFileSync(at("in/b.png"), "a");
  check(at("in/b.png"), at("in/a.png"));
  check(at("new/folder/a.png"), at("in/a.png"));
});

test("what a run keeps is not written over, also by a link", ({ at }) => {
  mkdirSync(at("runs/r"), { recursive: true });
  for (const name of ["latest.safetensors", "5.safetensors", "report.html", "G.pth"])
    writeFileSync(at("runs/r", name), "");
  writeFileSync(at("runs/r/config.json"), JSON.stringify({ runs_dir: "runs" }));
  symlinkSync(at("runs/r/latest.safetensors"), at("best.safetensors"));
  for (const to of ["runs/r/5.safetensors", "runs/r/report.html", "runs/r/config.json", "best.safetensors"])
    assert.throws(() => check(at(to), at("in/a.png")), /which belongs to a run;/, to);
  check(at("runs/r/G.pth"), at("in/a.png"));
  check(at("runs/r/new.safetensors"), at("in/a.png"));
});

test("a place that cannot be written to is told by its name, and nothing is made", ({ at }) => {
  writeFileSync(at("file"), "");
  assert.throws(() => check(at("file/deep/x.png"), at("in/a.png")), /cannot write .*file.deep: a part of the path is/);
  assert.throws(() => check(at("in"), at("in/a.png")), /cannot write .*in: it is a folder/);
  if (process.getuid?.() !== 0) assert.throws(() => check("/proc/none/x.png", at("in/a.png")), /permission is denied/);
});

test("what lies below a folder, links followed, also where it is not there yet", ({ at }) => {
  symlinkSync(at("in"), at("link"));
  assert.equal(
    [at("in"), at("in/new/deep"), at("link/new"), at("inside"), at("out")].map((path) => isBelow(path, at("in"))),
    [true, true, true, false, false],
  );
});

test.run();
