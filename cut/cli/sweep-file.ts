// The file of a sweep, YAML or JSON (which is YAML too): options for all runs, and a grid or a list of those that
// differ. Every option is checked here, before anything runs, and an error names its line.
import { basename } from "node:path";
import { isMap, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import { sha256 } from "../files/sha256.js";
import { errorMessage } from "../options/error-message.js";
import { OptionError, showValue } from "../options/schema.js";
import { resolveOptions } from "../options/train-options.js";
import { type TrainOptions, trainSchema } from "../options/train-schema.js";
import { parseArguments } from "./terminal/arguments.js";

export interface SweepRun {
  /** Stable: determined by the differences between runs. */
  name: string;
  /** The differences between the runs, as text. */
  varied: ReadonlyMap<string, string>;
  /** The arguments of `cutgpu train`. */
  words: readonly string[];
  options: TrainOptions;
}

export interface Sweep {
  /** The folder of the runs. */
  folder: string;
  runs: readonly SweepRun[];
}

/** Options that the sweep sets itself. */
const OWN = ["name", "runs_dir", "continue_train"];
/** Maximum number of bytes of a readable name; file systems take 255. */
const LONGEST_NAME = 120;

type Setting = [name: string, text: string];

/** Reads the text of `file`. Throws an OptionError that names the wrong line. */
export function parseSweep(text: string, file: string, runsDir: string): Sweep {
  const reader = new SweepReader(text, file);
  const folder = `${runsDir}/${basename(file).replace(/\.\w+$/, "")}`;
  const runs = reader.runs().map(({ common, varied, where }) => {
    const name = runName(varied);
    const settings: Setting[] = [["name", name], ["runs_dir", folder], ...common, ...varied];
    const words = settings.map(([option, value]) => `--${option}=${value}`);
    try {
      const options = resolveOptions(parseArguments(trainSchema, words).given);
      return { name, varied: new Map(varied), words, options };
    } catch (error) {
      throw placed(error, where);
    }
  });
  const twice = runs.find(({ name }, i) => runs.findIndex((other) => other.name === name) !== i);
  if (twice) {
    const [first, second] = runs.filter(({ name }) => name === twice.name).map(({ words }) => words.join(" "));
    if (first === second) throw new OptionError(`${file}: two runs are ${twice.name};`, "leave one out.");
    throw new OptionError(`${file}: two runs would share the folder ${twice.name};`, "write a value of one otherwise.");
  }
  return { folder, runs };
}

/** An error about options, prefixed with their place. */
const placed = (error: unknown, where: string): unknown =>
  error instanceof OptionError ? new OptionError(`${where}: ${errorMessage(error)}`) : error;

interface Plan {
  common: Setting[];
  varied: Setting[];
  /** The place in the file, for errors. */
  where: string;
}

class SweepReader {
  readonly #lines = new LineCounter();
  readonly #root: YAMLMap<Node, Node | null>;

  constructor(
    text: string,
    private readonly file: string,
  ) {
    const document = parseDocument(text, { lineCounter: this.#lines });
    const [error] = document.errors;
    if (error) {
      const [message] = error.message.split(/; please use| at line |\n/);
      throw new OptionError(`${file}:${error.linePos?.[0].line ?? 1}: ${message}.`);
    }
    if (!isMap(document.contents)) throw this.#error(null, "a sweep is a map of options, and of grid or runs");
    this.#root = document.contents as YAMLMap<Node, Node | null>;
    for (const { key } of this.#root.items) {
      if (["options", "grid", "runs"].includes(String(key))) continue;
      throw this.#error(key, `${key} is none of options, grid and runs; what all runs share stands under options`);
    }
  }

  runs(): Plan[] {
    const common = this.#settings(this.#root.get("options", true) ?? null);
    const [grid, list] = [this.#root.get("grid", true), this.#root.get("runs", true)];
    if (!grid === !list) throw this.#error(null, "give grid, lists of values by option, or runs, a list of options");
    const plan = (varied: Setting[], node: Node) => ({
      common: common.filter(([name]) => !varied.some(([own]) => own === name)),
      varied,
      where: this.#place(node),
    });
    if (list) {
      if (!isSeq(list) || list.items.length === 0) throw this.#error(list, "runs is a list of maps of options");
      return (list.items as Node[]).map((node) => plan(this.#settings(node), node));
    }
    const choices = this.#pairs(grid as Node).map(({ key, value }) => {
      if (!isSeq(value) || value.items.length === 0) throw this.#error(key, `give ${key} as a list, such as [1, 2]`);
      return (value.items as Node[]).map((node) => this.#setting(key, node));
    });
    if (choices.length === 0) throw this.#error(grid as Node, "grid is a map of options, each with a list of values");
    const all = choices.reduce<Setting[][]>((lists, of) => lists.flatMap((l) => of.map((one) => [...l, one])), [[]]);
    return all.map((varied) => plan(varied, grid as Node));
  }

  #pairs(node: Node | null): Pair<Node, Node | null>[] {
    if (node === null) return [];
    if (!isMap(node)) throw this.#error(node, "options are a map of names and values");
    return node.items as Pair<Node, Node | null>[];
  }

  #settings(node: Node | null): Setting[] {
    return this.#pairs(node).map(({ key, value }) => this.#setting(key, value));
  }

  /** One option, checked by itself. */
  #setting(key: Node, node: Node | null): Setting {
    const name = String(key).replaceAll("-", "_");
    if (OWN.includes(name)) throw this.#error(key, `--${name} is the sweep's own: leave it out`);
    const text = showValue(node === null ? null : (node as unknown as { toJSON(): unknown }).toJSON());
    try {
      parseArguments(trainSchema, [`--${name}=${text}`]);
    } catch (error) {
      throw placed(error, this.#place(key));
    }
    return [name, text];
  }

  #place(node: Node | null): string {
    const offset = node?.range?.[0];
    return offset === undefined ? this.file : `${this.file}:${this.#lines.linePos(offset).line}`;
  }

  #error(node: Node | null, message: string): OptionError {
    return new OptionError(`${this.#place(node)}: ${message.replace(/([^.?!])$/, "$1.")}`);
  }
}

/** The name of a run's folder: its differences, in the file's order, shortened where it would be too long. */
function runName(varied: readonly Setting[]): string {
  const whole = varied.map(([name, text]) => `${name}=${text.replace(/[^\w.,+-]+/g, "-")}`).join(",");
  if (whole === "") return "no-change";
  if (whole.length <= LONGEST_NAME) return whole;
  const hash = sha256(JSON.stringify(varied)).slice(0, 8);
  return `${whole.slice(0, LONGEST_NAME - 9)}-${hash}`;
}
