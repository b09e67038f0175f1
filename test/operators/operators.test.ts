// Every operator against the float64 reference, forward and gradients, on both kernel profiles and with every variant
// an operator has. It walks the engine's own table, so that an operator without a case fails.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../engine/autograd.js";
import { families, operatorTable } from "../../engine/families.js";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { zeros } from "../../engine/reference.js";
import { download, profiles, testGpu, upload } from "../support/gpu.js";
import { operatorCases } from "./support/cases.js";
import { checkCase } from "./support/check.js";
import { forcedInTurn } from "./support/variants.js";

/** The operators to walk: all, or the one that OPERATOR names. */
const walked = [...operatorCases].filter(([operator]) => (process.env["OPERATOR"] ?? operator) === operator);

for (const profile of profiles) {
  for (const [operator, { cases }] of walked) {
    test(`${operator} on ${profile}`, async () => {
      const gpu = await testGpu(profile);
      for (const forced of forcedInTurn(gpu, operator)) {
        await gpu.variants.force(forced, async () => {
          for (const given of cases) {
            await checkCase(gpu, given, `${given.title} ${Object.values(forced)[0] ?? ""}`);
          }
        });
      }
    });
  }
}

test("every operator has a case, or is run by the gradient of one that says so", async () => {
  const gpu = await testGpu("software");
  const covered = new Set(operatorCases.keys());
  const functions = new Set<string>(families.flatMap(({ public: names }) => names));
  for (const [operator, { cases, exercises = [] }] of operatorCases) {
    assert.ok(functions.has(operator), `there is a case of "${operator}", which is no operator that users call`);
    const ran = new Set<string>();
    const remove = gpu.observers.add({ onOperator: ({ operator }) => ran.add(operator) });
    for (const given of exercises.length ? cases : []) {
      gpu.scope(() => {
        const inputs = given.inputs.map((x) => upload(gpu, x).requireGrad());
        const y = given.forward(...inputs);
        grad(y, inputs, { dy: upload(gpu, zeros(y.shape)) });
      });
    }
    remove();
    for (const name of exercises) {
      assert.ok(ran.has(name), `the gradient of ${operator} does not run ${name}`);
      covered.add(name);
    }
  }
  const missing = [...operatorTable.keys()].filter((name) => !covered.has(name));
  assert.equal(missing, [], "operators without a case");
});

for (const profile of profiles) {
  test(`tanh, sigmoid and softplus keep their digits far out and near zero on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const x = reference.dense([11], [-1000, -80, -15, -3, -1e-4, 0, 1e-6, 0.05, 5, 88.5, 1000].map(Math.fround));
    for (const [forward, plain] of [
      [engine.tanh, reference.tanh],
      [engine.sigmoid, reference.sigmoid],
      [engine.softplus, reference.softplus],
    ] as const) {
      const ours = await download(gpu.scope(() => forward(upload(gpu, x))));
      const expected = plain(x);
      ours.data.forEach((value, i) => {
        // exp of a large argument is good to 3 + 2 |x| units in the last place.
        const bound = 1e-6 * Math.max(10, Math.min(80, Math.abs(x.data[i]))) * Math.abs(expected.data[i]) + 1e-37;
        const error = Math.abs(value - expected.data[i]);
        assert.ok(error <= bound, `${plain.name}(${x.data[i]}) is ${value} instead of ${expected.data[i]}`);
      });
    }
  });

  test(`relu and its gradient take zero as negative on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const x = gpu.tensor([0, -0, -1, 1]).requireGrad();
    const [gradient] = grad(engine.leakyRelu(x, 0.5), [x], { dy: gpu.tensor([1, 1, 1, 1]) });
    assert.equal([...(await gradient.read())], [0.5, 0.5, 0.5, 1]);
  });
}

test.run();
