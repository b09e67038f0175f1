// What commands print: control characters are shown, and nothing is printed past the functions that see to it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { printable, printableLine } from "../../../../cut/cli/terminal/output.js";
import { projectFolder } from "../../../support/command.js";

test("control characters are shown, and letters of any script stay", () => {
  assert.is(printable("a\u001b]0;title\u0007.png\r"), "a\\u001b]0;title\\u0007.png\\u000d");
  assert.is(printable("\u009b2J\u007f"), "\\u009b2J\\u007f");
  assert.is(printable("gpj\u202egnp.exe"), "gpj\\u202egnp.exe");
  assert.is(printable("Grüße 图片 🐎\n\tc\n"), "Grüße 图片 🐎\n\tc\n");
  assert.is(printableLine("one\ntwo"), "one\\u000atwo");
});

test("what JSON allows stays JSON", () => {
  const value = { name: "a\u009b\u007f\u202e" };
  assert.equal(JSON.parse(printable(JSON.stringify(value))), value);
});

test("commands print by these functions alone", () => {
  const modules = ["bin", "bench/commands", "cut/cli"].flatMap((folder) =>
    readdirSync(join(projectFolder, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const direct = modules.filter(
    (path) =>
      /\.ts$/.test(path) &&
      !["bin/build-web.ts", "cut/cli/terminal/output.ts"].includes(path) &&
      /std(out|err)\.write\(|console\./.test(readFileSync(join(projectFolder, path), "utf8")),
  );
  assert.ok(modules.length > 30);
  assert.equal(direct, [], "use print, printError or note of cut/cli/terminal");
});

test.run();
