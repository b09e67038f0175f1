// Which variant of an operator does the work: the forced one, else the tuned one, else what the operator's rule says.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Observers } from "../../../engine/core/observers.js";
import { ArgumentError } from "../../../engine/lib/errors.js";
import { keyOf } from "../../../engine/tuning/table.js";
import { runnableVariants, Variants } from "../../../engine/tuning/variants.js";
import { rejectionOf } from "../../support/gpu.js";

const request = {
  operator: "conv2d",
  variants: ["tiled", "broadcast", "winograd"],
  shapes: [[1, 3, 8, 8]],
  inputs: [],
  options: { stride: 1 },
  applies: () => true,
  rule: () => "tiled",
};
const key = keyOf("conv2d", request.shapes, request.options);
const tableOf = (variant: string) =>
  ({ version: 1, adapter: "", profile: "gpu", choices: { [key]: variant } }) as const;
const without = { profile: "gpu", subgroupSize: 0 } as const;

test("the forced variant goes before the tuned one, and that before the rule", () => {
  const variants = new Variants(without, new Observers());
  assert.is(variants.choose(request), "tiled");
  variants.use(tableOf("winograd"));
  assert.is(variants.choose(request), "winograd");
  assert.is(
    variants.force({ conv2d: "broadcast" }, () => variants.choose(request)),
    "broadcast",
  );
  assert.is(variants.choose(request), "winograd");
});

test("a tuned variant that is not there, or that the adapter cannot run, is passed over", () => {
  const variants = new Variants(without, new Observers());
  for (const variant of ["of another time", "broadcast"]) {
    variants.use(tableOf(variant));
    assert.is(variants.choose(request), "tiled");
  }
});

test("a forced variant that is not there is refused", () => {
  const variants = new Variants(without, new Observers());
  assert.throws(
    () => variants.force({ conv2d: "nonsense" }, () => variants.choose(request)),
    (error: unknown) => error instanceof ArgumentError && /conv2d has no kernel "nonsense"/.test(error.message),
  );
  assert.is(variants.forced("conv2d"), undefined);
});

test("a variant that does not apply to a call is passed over, forced or tuned", () => {
  const variants = new Variants(without, new Observers());
  const elsewhere = { ...request, applies: (variant: string) => variant !== "broadcast" };
  const inForce = () => variants.force({ conv2d: "broadcast" }, () => variants.choose(elsewhere));
  assert.is(inForce(), "tiled");
  variants.use(tableOf("winograd"));
  assert.is(variants.choose(elsewhere), "winograd");
  assert.is(variants.choose({ ...request, applies: (variant: string) => variant !== "winograd" }), "tiled");
});

test("forcing nests, and lasts until a promise settles", async () => {
  const variants = new Variants(without, new Observers());
  const work = variants.force({ conv2d: "winograd", matmul: "tiled" }, async () => {
    await Promise.resolve();
    const inner = variants.force({ matmul: "broadcast" }, () => variants.forced("matmul"));
    return [variants.forced("conv2d"), inner, variants.forced("matmul")];
  });
  assert.equal(await work, ["winograd", "broadcast", "tiled"]);
  await rejectionOf(variants.force({ conv2d: "winograd" }, () => Promise.reject(new Error("inside"))));
  assert.is(variants.forced("conv2d"), undefined);
});

test("observers hear of choices that are not forced, by their key in a table", () => {
  const observers = new Observers();
  const variants = new Variants(without, observers);
  const keys: string[] = [];
  const remove = observers.add({ onChoice: (choice) => keys.push(choice.key) });
  variants.choose(request);
  variants.force({ conv2d: "tiled" }, () => variants.choose(request));
  remove();
  variants.choose(request);
  assert.equal(keys, [key]);
});

test("kernels with subgroup broadcasts run where subgroups have at least four lanes", () => {
  const names = ["portable", "broadcast", "broadcast_wide"];
  assert.equal(runnableVariants(names, { profile: "gpu", subgroupSize: 8 }), names);
  assert.equal(runnableVariants(names, { profile: "gpu", subgroupSize: 0 }), ["portable"]);
});

test.run();
