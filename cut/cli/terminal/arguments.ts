// Reads a command line by a command's schema: --name value, --name=value, two values for a pair, flags alone or with a
// boolean word (--open, --open=false, --open False). Dashes inside a name mean underscores. The last of a repeated
// option counts. A command may take a first word without a name, and an option two values. Values are checked by the
// schema, not here. Runs in browsers too, where the page has a field for options.
import {
  checkOptions,
  describeOptions,
  type GivenOptions,
  isBooleanWord,
  type OptionDescription,
  type OptionSchema,
  readValue,
  throwProblems,
  unknownOption,
} from "../../options/schema.js";

export interface ParsedArguments<S extends OptionSchema> {
  given: GivenOptions<S>;
  /** --help or -h was among the arguments; the others are then given only if they are right. */
  help: boolean;
}

/**
 * The options that `argv` (what follows the command's name) gives, without defaults; `positional` is the option that a
 * first word without a name gives.
 * Throws an `OptionError` for unknown options (with the nearest known one), missing and bad values.
 */
export function parseArguments<S extends OptionSchema>(
  schema: S,
  argv: readonly string[],
  positional?: string,
): ParsedArguments<S> {
  const others = argv.filter((word) => word !== "--help" && word !== "-h");
  if (others.length < argv.length) return { given: givenOrNothing(schema, others), help: true };
  if (positional && argv.length > 0 && !argv[0].startsWith("-"))
    return parseArguments(schema, [`--${positional}`, ...argv]);
  const descriptions = new Map(describeOptions(schema).map((description) => [description.name, description]));
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  /** The option whose value came just before. */
  let last: OptionDescription | null = null;
  for (let i = 0; i < argv.length; i++) {
    const [, typed, attached] = argv[i].match(/^--([^=]+)(?:=(.*))?$/s) ?? [];
    if (typed === undefined) {
      problems.push(last ? severalValues(last, argv[i]) : notAnOption(argv[i]));
      // One mistake is reported once.
      while (i + 1 < argv.length && !argv[i + 1].startsWith("--")) i++;
      continue;
    }
    last = null;
    const name = typed.replaceAll("-", "_");
    const next = argv[i + 1];
    const description = descriptions.get(name);
    if (!description) {
      problems.push(unknownOption(name, schema));
      // What follows is most likely its value, and one mistake is reported once.
      if (attached === undefined && next !== undefined && !next.startsWith("--")) i++;
    } else if (description.kind === "pair") {
      // An attached value is the first of the two.
      const words = attached === undefined ? argv.slice(i + 1, i + 3) : [attached, ...argv.slice(i + 1, i + 2)];
      const given = words.findIndex((word) => word.startsWith("--"));
      values[name] = given < 0 ? words : words.slice(0, given);
      last = description;
      i += (values[name] as string[]).length - (attached === undefined ? 0 : 1);
    } else if (attached !== undefined) {
      values[name] = readValue(description, attached);
    } else if (description.kind === "flag") {
      const worded = next !== undefined && isBooleanWord(next);
      values[name] = worded ? readValue(description, next) : true;
      if (worded) i++;
    } else if (next === undefined || next.startsWith("--")) {
      problems.push(`--${name} needs a value: ${description.expects}`);
    } else {
      values[name] = readValue(description, next);
      last = description;
      i++;
    }
  }
  throwProblems(problems);
  return { given: checkOptions(schema, values), help: false };
}

/** The options given besides --help; none where the command line is wrong, which may be why help is asked for. */
function givenOrNothing<S extends OptionSchema>(schema: S, argv: readonly string[]): GivenOptions<S> {
  try {
    return parseArguments(schema, argv).given;
  } catch {
    return {};
  }
}

const notAnOption = (word: string) => `"${word}" is not an option: options begin with --`;

/** What is wrong with a second value, which is most likely from a pattern such as *.png that the shell expanded. */
function severalValues({ name, kind, placeholder }: OptionDescription, word: string): string {
  const folder = placeholder.includes("DIR") ? ": give the folder itself where there are several files" : "";
  const count = kind === "pair" ? "two values" : "one value";
  return `--${name} takes ${count}, and "${word}" follows it${folder} (quote a value that has spaces)`;
}
