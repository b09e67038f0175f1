// Options. A schema (valibot) declares every option once: its name, type, default, allowed values, help text and
// heading; the parser, the checks, `--help`, the saved configuration and the TypeScript type all come from it. The
// builders below attach metadata that valibot itself does not keep: how to read the option from text, and which values
// are allowed, in words.
import * as v from "valibot";
import { CutgpuError } from "../../engine/lib/errors.js";
import { nearest } from "./nearest-word.js";
import { insteadOfOption } from "./pytorch-names.js";

/** Options that cannot be used as given. The command line ends with status 2 on these. */
export class OptionError extends CutgpuError {
  constructor(message: string, fix = "") {
    super("OPTIONS", message, fix);
  }
}

/** The options of one command: a strict object whose entries are made by `option` and `required`. */
export type OptionSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;
/** Every option with its value. */
export type Options<S extends OptionSchema> = v.InferOutput<S>;
/** Only the options that were given, each checked by itself. */
export type GivenOptions<S extends OptionSchema> = Partial<v.InferOutput<S>>;

type Kind = "flag" | "number" | "text" | "choice" | "list" | "pair";

interface ValueMetadata {
  kind: Kind;
  /** The placeholder of the value in the help, such as N or DIR. */
  placeholder: string;
  /** The allowed values, as words that follow "must be". */
  expects: string;
  /** "none" and "inf" stand for null. */
  none?: boolean;
}

/** The information on one option for the parser and the help. */
export interface OptionDescription extends ValueMetadata {
  name: string;
  group: string;
  help: string;
  required: boolean;
  default: unknown;
  /** Whether a resumed run cannot change it. */
  fixed: boolean;
  /** The choices of another option, such as methods, that it belongs to; absent where it always applies. */
  of?: readonly string[];
}

function describeValue<S extends v.GenericSchema>(schema: S, metadata: ValueMetadata) {
  return v.pipe(schema, v.metadata({ ...metadata }));
}

export interface Range {
  min?: number;
  max?: number;
  /** Excluded bounds: the value must be above, or below. */
  above?: number;
  below?: number;
  /** For integers. */
  multipleOf?: number;
}

function rangeInWords(noun: string, { min, max, above, below, multipleOf }: Range): string {
  const low = min !== undefined ? `of at least ${min}` : above !== undefined ? `above ${above}` : "";
  const high =
    max !== undefined ? `${min === undefined ? "of " : ""}at most ${max}` : below !== undefined ? `below ${below}` : "";
  const step = multipleOf !== undefined ? `that is a multiple of ${multipleOf}` : "";
  return [noun, [low, high].filter(Boolean).join(" and "), step].filter(Boolean).join(" ");
}

function inRange(value: number, range: Range): boolean {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = range;
  return value >= min && value <= max && value > above && value < below;
}

export function wholeNumber(range: Range) {
  const expects = rangeInWords("a whole number", range);
  const schema = v.pipe(
    v.number(),
    v.safeInteger(),
    v.check((value) => inRange(value, range) && value % (range.multipleOf ?? 1) === 0),
  );
  return describeValue(schema, { kind: "number", placeholder: "N", expects });
}

export function realNumber(range: Range) {
  const expects = rangeInWords("a number", range);
  const schema = v.pipe(
    v.number(),
    v.finite(),
    v.check((value) => inRange(value, range)),
  );
  return describeValue(schema, { kind: "number", placeholder: "X", expects });
}

export function oneOf<const T extends readonly string[]>(values: T) {
  const expects = `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
  return describeValue(v.picklist(values), { kind: "choice", placeholder: values.join("|"), expects });
}

export function oneOfNumbers<const T extends readonly number[]>(values: T) {
  const expects = values.join(" or ");
  return describeValue(v.picklist(values), { kind: "number", placeholder: values.join("|"), expects });
}

/** A text that is not empty; `pattern`, if given, must match, and `expects` says so in words. */
export function text(placeholder: string, expects = "a text that is not empty", pattern = /\S/) {
  return describeValue(v.pipe(v.string(), v.regex(pattern)), { kind: "text", placeholder, expects });
}

/** Two texts, each a separate word on the command line, such as two folders. */
export function twoTexts(placeholder: string) {
  const word = v.pipe(v.string(), v.regex(/\S/));
  return describeValue(v.tuple([word, word]), { kind: "pair", placeholder, expects: `two values, ${placeholder}` });
}

export function flag() {
  return describeValue(v.boolean(), { kind: "flag", placeholder: "", expects: "true or false" });
}

export function wholeNumbers(range: Range) {
  const schema = v.pipe(v.array(wholeNumber(range)), v.minLength(1));
  const expects = `a list such as 0,4,8, each ${rangeInWords("a whole number", range)}`;
  return describeValue(schema, { kind: "list", placeholder: "N,N,...", expects });
}

/** A value that may also be absent: null, written "none" or, for a limit, "inf". */
export function orNone<S extends v.GenericSchema>(schema: S) {
  const metadata = v.getMetadata(schema) as unknown as ValueMetadata;
  return describeValue(v.nullable(schema), { ...metadata, expects: `${metadata.expects}, or none`, none: true });
}

export interface OptionExtras {
  fixed?: boolean;
  of?: readonly string[];
}

/** An option that has a default. */
export function option<S extends v.GenericSchema, const D extends v.InferInput<S>>(
  group: string,
  schema: S,
  fallback: D,
  help: string,
  extras: OptionExtras = {},
) {
  return v.optional(v.pipe(schema, v.metadata({ group, ...extras }), v.description(help)), fallback);
}

/** An option that must be given. */
export function required<S extends v.GenericSchema>(group: string, schema: S, help: string) {
  return v.pipe(schema, v.metadata({ group }), v.description(help));
}

/** The options of a schema in the order in which it declares them. */
export function describeOptions(schema: OptionSchema): OptionDescription[] {
  return Object.entries(schema.entries).map(([name, entry]) => {
    const optional = entry.type === "optional";
    const wrapped = (optional ? (entry as unknown as { wrapped: v.GenericSchema }).wrapped : entry) as v.GenericSchema;
    const metadata = v.getMetadata(wrapped) as unknown as ValueMetadata & OptionExtras & { group: string };
    return {
      ...metadata,
      name,
      fixed: metadata.fixed ?? false,
      help: v.getDescription(wrapped) ?? "",
      required: !optional,
      default: optional ? v.getDefault(entry as v.OptionalSchema<v.GenericSchema, unknown>) : undefined,
    };
  });
}

const truths = ["true", "t", "yes", "y", "on", "1"];
const falsehoods = ["false", "f", "no", "n", "off", "0"];

/** True where `text` is one of the words that the reference accepts for a boolean. */
export function isBooleanWord(text: string): boolean {
  return [...truths, ...falsehoods].includes(text.toLowerCase());
}

/**
 * The value that `text` stands for. Text that cannot be parsed is returned unchanged, and the check of the option's
 * type refuses it: one place defines what is allowed.
 */
export function readValue(description: OptionDescription, text: string): unknown {
  const number = (part: string) => (part.trim() === "" || Number.isNaN(Number(part)) ? part : Number(part));
  if (description.none && ["none", "inf"].includes(text.toLowerCase())) return null;
  if (description.kind === "number") return number(text);
  if (description.kind === "list") return text.split(",").map(number);
  if (description.kind === "flag" && isBooleanWord(text)) return truths.includes(text.toLowerCase());
  return text;
}

/** A value as users type and see it: lists with commas, null as none. */
export function showValue(value: unknown): string {
  return value === null ? "none" : Array.isArray(value) ? value.join(",") : String(value);
}

function quoted(value: unknown): string {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : `"${showValue(value)}"`;
}

/** Throws one error message for all problems, or nothing where there are none. */
export function throwProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new OptionError(`${problems.join("; ")}.`.replace(/\?\.$/, "?"));
}

/**
 * Checks each given option by itself (name, type, range).
 * Throws an `OptionError` that names every option that is unknown or out of range.
 */
export function checkOptions<S extends OptionSchema>(schema: S, given: Record<string, unknown>): GivenOptions<S> {
  const descriptions = new Map(describeOptions(schema).map((description) => [description.name, description]));
  const checked: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const description = descriptions.get(name);
    if (!description) {
      problems.push(unknownOption(name, schema));
      continue;
    }
    const result = v.safeParse(schema.entries[name] as v.GenericSchema, value);
    if (result.success) checked[name] = result.output;
    else problems.push(`--${name} must be ${description.expects}, not ${quoted(value)}`);
  }
  throwProblems(problems);
  return checked as GivenOptions<S>;
}

/** "there is no option --X, did you mean --Y?", without a full stop. */
export function unknownOption(name: string, schema: OptionSchema): string {
  const instead = insteadOfOption.get(name);
  if (instead) return `there is no option --${name}: ${instead}`;
  const suggestion = nearest(name, Object.keys(schema.entries));
  return `there is no option --${name}${suggestion ? `, did you mean --${suggestion}?` : " (--help lists them)"}`;
}

/**
 * Checks the given options and fills in the defaults. Throws an `OptionError` where an option is missing, unknown or
 * out of range.
 */
export function completeOptions<S extends OptionSchema>(schema: S, given: Record<string, unknown>): Options<S> {
  const checked: Record<string, unknown> = checkOptions(schema, given);
  // In the schema's order, so that the same options always make the same saved text.
  const completed: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const { name, required, default: fallback, help } of describeOptions(schema)) {
    if (checked[name] !== undefined) completed[name] = checked[name];
    else if (required) problems.push(`--${name} is missing: ${help}`);
    else completed[name] = structuredClone(fallback);
  }
  throwProblems(problems);
  return completed as Options<S>;
}
