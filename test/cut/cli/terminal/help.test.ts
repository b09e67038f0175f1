// The help of a command of many options.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defineCommand } from "../../../../cut/cli/terminal/command.js";
import { commandHelp } from "../../../../cut/cli/terminal/help.js";
import { presets } from "../../../../cut/options/presets.js";
import { trainSchema } from "../../../../cut/options/train-schema.js";

test("the help of train shows headings, defaults and what presets change", () => {
  const command = defineCommand({ usage: "", options: trainSchema, presets, run: async () => {} });
  const help = commandHelp("train", "", command, 90);
  assert.match(help, "(default 1; FastCUT 10");
  assert.match(help, "(default 0,4,8,12,16;");
  assert.match(help, "\nNetworks\n");
  for (const name of Object.keys(trainSchema.entries)) assert.match(help, new RegExp(`\n {2}--${name}( |\n)`));
  assert.ok(help.split("\n").every((line) => line.length <= 90 || line.includes("|")));
});

test("the help of train shows what belongs to the chosen method, and names the others", () => {
  const options = { usage: "", options: trainSchema, presets, chooser: "model" };
  const command = defineCommand({ ...options, run: async () => {} });
  const shown = (given: object) => commandHelp("train", "", command, 90, { ...given });
  assert.match(shown({}), "--nce_layers");
  assert.not.match(shown({}), "--pool_size");
  assert.match(shown({}), "others: --model cycle_gan --help");
  assert.match(shown({ model: "cycle_gan" }), "--pool_size N");
  assert.not.match(shown({ model: "cycle_gan" }), "--nce_layers");
  assert.match(shown({}), "(default 1; FastCUT 10)");
  assert.match(shown({ model: "dclgan" }), "(default 2)");
});

test.run();
