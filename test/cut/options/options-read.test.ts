// Every option is read: one that is declared, checked and shown in the help and then ignored is worse than none. An
// option of training counts as read where the method or the commands take it off a configuration; one of another
// command must be taken in that command's own module, unless it is an option of training that goes on to one.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { benchCommands } from "../../../bench/commands/index.js";
import { cutCommands } from "../../../cut/cli/commands/index.js";
import type { Command } from "../../../cut/cli/terminal/command.js";
import { trainSchema } from "../../../cut/options/train-schema.js";
import { projectFolder } from "../../support/command.js";

const modulesBelow = (folder: string) =>
  readdirSync(join(projectFolder, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => path.endsWith(".ts"));

const textOf = (path: string) => readFileSync(join(projectFolder, path), "utf8").replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");

/** Whether `text` reads the option: off a configuration, or by destructuring in a declaration or a parameter. */
function reads(text: string, name: string): boolean {
  const access = new RegExp(`\\b\\w*(?:[oO]ptions|given|fresh|training)\\??\\.${name}\\b`);
  const destructuring = new RegExp(`\\{[^{}]*\\b${name}\\b[^{}]*\\}(?: = |: [A-Z])`);
  return access.test(text) || destructuring.test(text);
}

const usersOfTraining = modulesBelow("cut")
  .filter((path) => path !== "cut/options/train-schema.ts")
  .map(textOf)
  .join("\n");

const commands = { ...cutCommands([]), ...benchCommands };

for (const [name, { load }] of Object.entries(commands)) {
  const { options } = (await load()).default as Command;
  const folder = name in benchCommands ? "bench/commands" : "cut/cli/commands";
  const path = `${folder}/${name}-command.ts`;
  const ofTraining = (option: string) => options.entries[option] === (trainSchema.entries as object)[option as never];
  test(`every option of ${name} is read`, () => {
    const unread = Object.keys(options.entries).filter(
      (option) => !reads(ofTraining(option) ? usersOfTraining : textOf(path), option),
    );
    assert.equal(
      unread,
      [],
      `${name} declares ${unread.map((option) => `--${option}`).join(", ")} and nobody reads it: ` +
        `make it work (in ${path}, or where a training takes its options), or take the option away`,
    );
  });
}

test("every command module is in the list of its folder", () => {
  for (const [folder, list] of [
    ["cut/cli/commands", cutCommands([])],
    ["bench/commands", benchCommands],
  ] as const) {
    const names = modulesBelow(folder).flatMap((path) => path.match(/([^/]+)-command\.ts$/)?.[1] ?? []);
    assert.ok(names.length > 0);
    for (const name of names) {
      assert.ok(name in list, `${folder}/${name}-command.ts is no command yet: name it in ${folder}/index.ts`);
    }
  }
});

test.run();
