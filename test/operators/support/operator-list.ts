// docs/operators.md, made from the code: the families of the table, the first sentence of each function's docstring,
// and how often its cases can be differentiated. `node dist/test/operators/support/write-operator-list.js` writes it.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Family, families } from "../../../engine/families.js";
import { projectFolder } from "../../support/command.js";
import { type FamilyTests, type OperatorRow, wanted } from "./case.js";
import { familyTests } from "./cases.js";
import { PIECES } from "./pieces.js";

const COLUMNS = 120;

/** Public functions that the engine's core has, for it needs them itself, in the families where users look for them. */
const OF_CORE: { readonly [family: string]: readonly string[] } = { strided: ["reshape"] };

const HEAD = `# Operators

Made from the code and held to it by the tests (\`node dist/test/operators/support/write-operator-list.js\` writes it).
Each is differentiable as often as wanted, at every option, unless the line says otherwise. Each is tested on both
kernel profiles against a reference in float64, its gradients by finite differences, the gradients of its gradients too.
`;

/** How often the cases of a function can be differentiated, if that is not as often as wanted. */
function exception({ cases }: OperatorRow): string {
  const differentiable = cases.filter((given) => wanted(given).length > 0);
  if (differentiable.length === 0) return " No gradient.";
  const once = differentiable.filter((given) => given.once).length;
  if (once === 0) return "";
  return once === differentiable.length ? " Differentiable once." : " With some options differentiable once.";
}

/** The first sentence of a function's or class's docstring, on one line. */
function summary(name: string, sources: readonly string[]): string {
  const declared = new RegExp(
    `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\nexport (?:async )?(?:function|const|class) ${name}\\b`,
  );
  const text = sources.map((source) => source.match(declared)?.[1]).find((found) => found !== undefined);
  if (text === undefined) throw new Error(`${name} has no docstring`);
  const line = text
    .replace(/^ *\* ?/gm, "")
    .replace(/\s+/g, " ")
    .trim();
  return line.match(/^.*?\.(?= |$)/)?.[0] ?? line;
}

/** An item of a list, wrapped. */
function item(text: string): string {
  const lines = ["-"];
  // Nothing breaks beside a minus, which would begin another list.
  for (const word of text.split(/(?<! -) (?!- )/)) {
    if (`${lines.at(-1)} ${word}`.length > COLUMNS) lines.push(" ");
    lines.push(`${lines.pop()} ${word}`);
  }
  return lines.join("\n");
}

function section({ name, public: own }: Family): string {
  const folder = dirname(PIECES.main(name));
  const ofCore = OF_CORE[name] ?? [];
  const functions = [...own, ...ofCore].sort();
  const files = readdirSync(join(projectFolder, folder))
    .filter((file) => file.endsWith(".ts") && file !== "reference.ts")
    .map((file) => join(folder, file));
  const sources = [...files, ...ofCore.map((each) => join("engine", "core", `${each}.ts`))].map((file) =>
    readFileSync(join(projectFolder, file), "utf8"),
  );
  const { cases = {} } = (familyTests as { readonly [family: string]: FamilyTests | undefined })[name] ?? {};
  const rows = functions.map((each) => {
    const row = cases[each] ?? Object.values(cases).find(({ serves = [] }) => serves.includes(each));
    return item(`\`${each}\`: ${summary(each, sources)}${row ? exception(row) : ""}`);
  });
  return [`## ${name}`, "", ...rows, ""].join("\n");
}

/** The whole document. */
export const operatorList = (): string => [HEAD, ...families.map(section)].join("\n");
