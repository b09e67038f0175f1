// That no family of operators (engine/families.ts) lacks a piece: files under the family's one name, exports,
// cases with gradients, checks that do not rest on those, and a test that forces each variant. Errors say what to do.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Family, families, operatorTable } from "../../engine/families.js";
import { TILES } from "../../engine/operators/lib/tiles.js";
import * as publicOperators from "../../engine/operators/public.js";
import { projectFolder } from "../support/command.js";
import { operatorCases as goldenCases } from "../support/goldens.js";
import { type FamilyTests, wanted } from "./support/case.js";
import { familyTests, operatorCases } from "./support/cases.js";
import { operatorList } from "./support/operator-list.js";
import { LACKING, PIECES, type Piece } from "./support/pieces.js";
import { choiceTable, isTileSize, testedVariants } from "./support/variants.js";

const all: readonly Family[] = families;
const casesOf = (family: string) => (familyTests as { readonly [family: string]: FamilyTests | undefined })[family];

/** What to do about a piece that is missing. */
const advice: { readonly [piece in Piece]: string } = {
  main: "add its operators there",
  reference: "add its float64 reference there",
  shaders: "add its kernels there",
  cases: "add its cases there",
  bench: "add its rows there",
};

for (const piece of Object.keys(PIECES) as Piece[]) {
  test(`every family has its piece: ${piece}`, () => {
    for (const { name } of families) {
      const path = PIECES[piece](name);
      const exists = existsSync(join(projectFolder, path));
      const reason = LACKING[name]?.[piece];
      if (reason) assert.not.ok(exists, `family ${name} has ${path}: strike the reason why not ("${reason}")`);
      else
        assert.ok(
          exists,
          `family ${name} lacks ${path}: ${advice[piece]}, or give a reason in test/operators/support/pieces.ts`,
        );
    }
  });
}

test("folders of operators and shaders are named after families", () => {
  const names = new Set([...all.map(({ name }) => name), "lib"]);
  const folders = (path: string) =>
    readdirSync(join(projectFolder, path), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const [path, others] of [
    ["engine/operators", []],
    // The benchmark has kernels of its own.
    ["shaders", ["bench"]],
  ] as const) {
    for (const { name } of folders(path)) {
      const known = names.has(name) || (others as readonly string[]).includes(name);
      assert.ok(known, `${path}/${name} is no family: add it to engine/families.ts`);
    }
  }
});

test("what has cases is exported", () => {
  for (const { name, public: functions } of all) {
    for (const each of Object.keys(casesOf(name)?.cases ?? {})) {
      assert.ok(functions.includes(each), `${each} has cases: export it from engine/operators/public.ts`);
    }
  }
});

test("what users call has a case with its gradient", () => {
  for (const { name, public: functions, operators } of all) {
    const own = casesOf(name);
    if (!own || operators.length + Object.keys(own.cases).length === 0) continue;
    const served = new Set(Object.entries(own.cases).flatMap(([each, { serves = [] }]) => [each, ...serves]));
    for (const each of functions) assert.ok(served.has(each), `${each} has no case: add it to ${PIECES.cases(name)}`);
    for (const [each, { cases }] of Object.entries(own.cases)) {
      assert.ok(cases.length > 0, `${each} has no case: add one to ${PIECES.cases(name)}`);
    }
  }
});

test("docs/operators.md says what the code has", () => {
  const written = readFileSync(join(projectFolder, "docs", "operators.md"), "utf8");
  assert.is(written, operatorList(), "run `node dist/test/operators/support/write-operator-list.js`");
  const missing = Object.keys(publicOperators).filter((name) => !written.includes(`\n- \`${name}\`: `));
  assert.equal(missing, [], "what engine/operators/public.ts exports is listed");
});

/** Operators of the golden files under names that are not the engine's. */
const goldenNames: { readonly [name: string]: string } = {
  reflectPad2d: "reflectionPad2d",
  l2norm: "l2Normalize",
  patchNcePath: "fusedPatchNce",
};

test("what users call is checked by finite differences or by a golden", () => {
  const goldens = new Set(goldenCases().map(({ op }) => goldenNames[op] ?? op));
  for (const [operator, { cases }] of operatorCases) {
    // test/operators/gradients.test.ts takes finite differences where an input has a gradient.
    const differentiated = cases.some((given) => wanted(given).length > 0);
    // Without a gradient there is nothing to differentiate, and the golden of fusedPatchNce contains the keys.
    const golden = goldens.has(operator) || (operator === "patchKeys" && goldens.has("fusedPatchNce"));
    assert.ok(
      differentiated || golden,
      `${operator} is checked by its reference alone: give its case a gradient, or add a golden`,
    );
  }
});

test("every variant is forced by a test", () => {
  const tiles = Object.keys(TILES).map((name) => `tiled_${name}`);
  for (const [choice, variants] of choiceTable) {
    const walked = [...operatorCases]
      .filter(([operator, { exercises = [] }]) => {
        const { choices = [] } = operatorTable.get(operator) ?? {};
        return choices.includes(choice) || exercises.includes(choice);
      })
      .flatMap(([operator]) => testedVariants(operator));
    for (const variant of variants) {
      if (isTileSize(variant)) {
        assert.ok(tiles.includes(variant), `${choice}: test/operators/tiles.test.ts forces no "${variant}"`);
      } else {
        assert.ok(
          walked.includes(variant),
          `${choice}: no case forces "${variant}": add a case of an operator with it`,
        );
      }
    }
  }
});

test.run();
