// Every option is read: one that is declared, checked and shown in the help and then ignored is worse than none. An
// option of training counts as read where the method or the commands take it off a configuration; one of another
// command must be taken in that command's own module, unless it is an option of training that goes on to one.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Command } from "../../../cut/cli/terminal/command.js";
import { trainSchema } from "../../../cut/options/train-schema.js";
import { distFolder, projectFolder } from "../../support/command.js";

const commandFolders = ["cut/cli/commands", "bench/commands"];

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

const commandModules = commandFolders
  .flatMap((folder) => modulesBelow(folder))
  .filter((path) => /^export default/m.test(textOf(path)));

const usersOfTraining = modulesBelow("cut")
  .filter((path) => path !== "cut/options/train-schema.ts")
  .map(textOf)
  .join("\n");

for (const path of commandModules) {
  const { default: command } = (await import(join(distFolder, path.replace(/\.ts$/, ".js")))) as { default: Command };
  const ofTraining = (name: string) => command.options.entries[name] === (trainSchema.entries as object)[name as never];
  test(`every option of ${command.name} is read`, () => {
    const unread = Object.keys(command.options.entries).filter(
      (name) => !reads(ofTraining(name) ? usersOfTraining : textOf(path), name),
    );
    assert.equal(
      unread,
      [],
      `${command.name} declares ${unread.map((name) => `--${name}`).join(", ")} and nobody reads it: ` +
        `make it work (in ${path}, or where a training takes its options), or take the option away`,
    );
  });
}

test("all nine commands are looked at", () => {
  assert.is(commandModules.length, 9);
});

test.run();
