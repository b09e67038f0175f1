// Printed commands: a shell reads back the words that were meant.
import { execFileSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { shellWords } from "../../../cut/options/shell-words.js";
import { resumeCommand } from "../../../cut/training/training-loop.js";

test("words without meaning to a shell stay as they are", () => {
  const words = ["cutgpu", "--model", "runs/horse2zebra.v1", "--lr=1e-3", "图片"];
  assert.is(shellWords(...words), words.join(" "));
});

test("a shell reads back any word", () => {
  const words = ["my runs/a b", "it's", "$HOME", "`id`", 'say "hi"', "a*?[x]", "~", "a;b&c|d", "back\\slash", ""];
  const out = execFileSync("/bin/sh", ["-c", `printf '<%s>\\n' ${shellWords(...words)}`], { encoding: "utf8" });
  assert.is(out, words.map((word) => `<${word}>\n`).join(""));
});

test("the command that goes on with a run quotes what needs it", () => {
  assert.is(resumeCommand({ name: "r", runs_dir: "runs" }), "npx cutgpu train --continue_train --name r");
  assert.is(
    resumeCommand({ name: "my run", runs_dir: "my runs" }),
    "npx cutgpu train --continue_train --name 'my run' --runs_dir 'my runs'",
  );
});

test.run();
