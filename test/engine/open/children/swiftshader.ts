// Runs a handful of operators on whatever driver the environment gives, and prints which one that was.
import { openGpu } from "../../../../engine/open/node.js";
import { operatorCases } from "../../../operators/support/cases.js";
import { checkCase } from "../../../operators/support/check.js";

const gpu = await openGpu();
const operators = ["conv2d", "linear", "instanceNorm", "patchNce", "tanh", "softplus", "sum", "blurDown"];
for (const operator of operators) {
  // Not all: the kernel of a later one, a convolution of stride 3, takes SwiftShader 25 s to compile.
  for (const given of operatorCases.get(operator)?.cases.slice(0, 6) ?? []) await checkCase(gpu, given, operator);
}
await gpu.variants.force({ conv2d: "tiled" }, async () => {
  for (const given of operatorCases.get("conv2d")?.cases.slice(0, 2) ?? []) await checkCase(gpu, given, "tiled");
});
console.log(JSON.stringify({ architecture: gpu.info.architecture, profile: gpu.profile, lanes: gpu.subgroupSize }));
