// The texts of --help, made from the schemas: grouped under headings, with defaults and the presets' own.
import { describeOptions, type OptionDescription, showValue } from "../../options/schema.js";
import type { Command, CommandList } from "./command.js";

const nameColumn = 30;

/** Breaks `text` into lines of at most `width` characters, at spaces. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1];
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

/** One row of a table: a name and its description, next to it, or below it where the name is too long. */
function row(left: string, right: string, width: number): string {
  const indent = " ".repeat(nameColumn + 2);
  const [first, ...rest] = wrap(right, width - nameColumn - 2);
  const head = left.length < nameColumn ? `  ${left.padEnd(nameColumn)}${first}` : `  ${left}\n${indent}${first}`;
  return [head, ...rest.map((line) => indent + line)].join("\n");
}

/** An option's default, and the presets' own. */
function defaults(option: OptionDescription, presets: NonNullable<Command["presets"]>): string {
  if (option.required) return "(required)";
  const changed = Object.entries(presets)
    .filter(([, values]) => option.name in values)
    .map(([preset, values]) => `; ${preset} ${showValue(values[option.name])}`);
  if (option.default === null && changed.length === 0) return "";
  if (option.kind === "flag" && option.default === false && changed.length === 0) return "";
  return `(default ${showValue(option.default)}${changed.join("")})`;
}

/**
 * The help of the list's command `name`, for a terminal of `width` columns, with the options that belong to the value
 * that `given` has for its chooser.
 */
export function commandHelp(
  name: string,
  summary: string,
  command: Command,
  width = 100,
  given: Record<string, unknown> = {},
): string {
  const described = describeOptions(command.options);
  const chooser = described.find(({ name }) => name === command.chooser);
  const chosen = String(chooser && (given[chooser.name] ?? chooser.default));
  const choicesOf = (option: OptionDescription) => option.placeholder.split("|");
  const own: Record<string, unknown> = command.presets?.[chosen] ?? {};
  const options = described
    .filter(({ of }) => !chooser || !of || of.includes(chosen))
    .map((option) => (option.name in own ? { ...option, default: own[option.name] } : option));
  const other = chooser ? choicesOf(chooser).filter((choice) => choice !== chosen) : [];
  // Only presets that a shown option can choose.
  const choices = new Set(options.filter((option) => option.name !== chooser?.name).flatMap(choicesOf));
  const presets = Object.fromEntries(Object.entries(command.presets ?? {}).filter(([name]) => choices.has(name)));
  const others = `These are the options of --${command.chooser} ${chosen}; others: `;
  const sections = [...new Set(options.map((option) => option.group))].map((group) => {
    const rows = options
      .filter((option) => option.group === group)
      .map((option) => {
        // A long list of choices reads better after the help.
        const long = option.placeholder.length > 50;
        const left = `--${option.name} ${long ? "CHOICE" : option.placeholder}`;
        const right = `${option.help}${long ? `: ${option.expects}` : ""} ${defaults(option, presets)}`;
        return row(left.trim(), right.trim(), width);
      });
    return `${group}\n${rows.join("\n")}\n`;
  });
  const flags = options.some((option) => option.kind === "flag");
  return [
    `cutgpu ${name}: ${summary}\n`,
    `usage: cutgpu ${name} ${command.usage}`.trimEnd() + "\n",
    ...sections,
    ...(chooser ? [`${others}${other.map((choice) => `--${chooser.name} ${choice} --help`).join(", ")}.`] : []),
    `Names may be written with dashes or underscores.${flags ? " Flags take true or false: --flag=false." : ""}\n`,
  ].join("\n");
}

/** The help of the program itself. */
export function generalHelp(about: string, commands: CommandList, width = 100): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => row(name, summary, width));
  return [
    `cutgpu: ${about}\n`,
    "usage: cutgpu COMMAND [options]\n",
    `${rows.join("\n")}\n`,
    `${row("cutgpu COMMAND --help", "the options of a command", width)}`,
    `${row("cutgpu --version", "the version", width)}\n`,
  ].join("\n");
}
