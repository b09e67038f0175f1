// Every gradient of the reference against central finite differences of its forward, at the small odd shapes that the
// families give (test/operators/<family>.ts). The scalar that is differentiated is sum(y * dy) for a random dy, so a
// gradient with a wrong index or factor cannot pass.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Dense } from "../../../engine/reference.js";
import { relativeError } from "../../support/goldens.js";
import { type FamilyTests, type ReferenceCase, values } from "../support/case.js";
import { familyTests } from "../support/cases.js";

const STEP = 1e-5;
const BOUND = 1e-6;

function numericGradient(forward: () => Dense, input: Dense, dy: Dense): Float64Array {
  const objective = () => forward().data.reduce((total, value, i) => total + value * dy.data[i], 0);
  return input.data.map((value, i) => {
    input.data[i] = value + STEP;
    const above = objective();
    input.data[i] = value - STEP;
    const below = objective();
    input.data[i] = value;
    return (above - below) / (2 * STEP);
  });
}

/** Registers a test: the gradients must be, in the order of the inputs, what finite differences of the forward give. */
function check({ title, inputs, reference, gradient }: ReferenceCase): void {
  test(`gradient of ${title}`, () => {
    const forward = () => reference(...inputs);
    const dy = values(forward().shape);
    const ours = gradient(dy, ...inputs);
    assert.is(ours.length, inputs.length);
    inputs.forEach((input, i) => {
      assert.equal(ours[i]?.shape, input.shape, `shape of gradient ${i}`);
      const error = relativeError(ours[i]?.data ?? [], numericGradient(forward, input, dy));
      assert.ok(error <= BOUND, `gradient ${i} is off by ${error}`);
    });
  });
}

for (const { differences = [] } of Object.values(familyTests) as FamilyTests[]) differences.forEach(check);

test.run();
