// Our engine's results for the peers' jobs, against which theirs are checked.
import { generatorModules } from "../../cut/networks/generator.js";
import { generatorShapes } from "../../cut/networks/generator-layout.js";
import { runModules } from "../../cut/networks/network.js";
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { conv2d } from "../../engine/operators/convolution/index.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { add, gelu } from "../../engine/operators/pointwise/index.js";
import { generatorArchitecture, inputsOf, type PeerJob } from "./jobs.js";

/**
 * The job's results, in our layouts: one tensor, or for generator.backward the output and then the gradients of the
 * parameters in their order of definition.
 */
export async function ourResults(gpu: Gpu, job: PeerJob): Promise<Float32Array<ArrayBuffer>[]> {
  const results = gpu.scope(() => run(gpu, job));
  try {
    return (await Promise.all(results.map((tensor) => tensor.read()))) as Float32Array<ArrayBuffer>[];
  } finally {
    for (const tensor of results) tensor.dispose();
  }
}

function run(gpu: Gpu, job: PeerJob): Tensor[] {
  const inputs = new Map<string, Tensor>();
  for (const [name, { data, shape }] of inputsOf(job)) inputs.set(name, gpu.tensor(data, shape));
  const get = (name: string) => inputs.get(name) as Tensor;
  switch (job.kind) {
    case "matmul":
      return [gpu.noGrad(() => matmul(get("a"), get("b")))];
    case "conv2d":
    case "conv2d.dx":
    case "conv2d.dw": {
      const options = { stride: job.stride, padding: job.padding, paddingMode: job.mode };
      const forward = () => conv2d(get("x"), get("w"), undefined, options);
      if (job.kind === "conv2d") return [gpu.noGrad(forward)];
      const wanted = get(job.kind === "conv2d.dx" ? "x" : "w").requireGrad();
      return grad(forward(), [wanted], { dy: get("dy") });
    }
    case "biasGelu.backward": {
      const y = gelu(add(get("x").requireGrad(), get("bias")), "tanh");
      return [y, ...grad(y, [get("x")], { dy: get("dy") })];
    }
    default: {
      const modules = generatorModules(generatorArchitecture(job));
      const forward = () => runModules(modules, get("x"), inputs, "G.model.").output;
      if (job.kind === "generator") return [gpu.noGrad(forward)];
      const parameters = [...generatorShapes(generatorArchitecture(job)).keys()].map((key) => get(key).requireGrad());
      const output = forward();
      return [output, ...grad(output, parameters, { dy: get("dy") })];
    }
  }
}
