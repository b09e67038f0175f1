// The engine's operators in the browser, against the golden values that they are held to in Node.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { OperatorsResult } from "./operators-page.js";
import { openTab, type Tab } from "./tab.js";

const test = suite<{ tab: Tab }>("operators in the browser");

test.before(async (context) => {
  context.tab = await openTab();
  await context.tab.page.goto(`${context.tab.url}operators.html`);
});
test.after(({ tab }) => tab.close());

for (const profile of ["software", "gpu"] as const) {
  test(`every operator is within its bound of the goldens, ${profile} kernels`, async ({ tab }) => {
    const { cases } = await tab.page.evaluate(
      (kernels) =>
        (globalThis as unknown as { checkOperators(profile: string): Promise<OperatorsResult> }).checkOperators(
          kernels,
        ),
      profile,
    );
    assert.ok(cases.length > 100, `${cases.length} answers`);
    const beyond = cases.filter(({ error, bound }) => !(error <= bound));
    assert.equal(beyond, [], "none is off by more than its bound");
  });
}

test.run();
