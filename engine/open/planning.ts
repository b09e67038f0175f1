// An engine on a fake device: tensors have sizes but no content, and kernels are chosen but never compiled.
// gpu.memory() and a program's length then say what the same work would take on an adapter with the given traits, on
// any machine and within moments. Nothing is computed, so nothing can be read.
import { Gpu } from "../core/gpu.js";
import type { AdapterTraits } from "../device/adapter.js";
import { checkValue, oneOf } from "../lib/check-options.js";
import { RecordingError } from "../lib/errors.js";

/**
 * An engine that counts memory for an adapter with these traits and runs nothing. `maxBufferSize` is the largest buffer
 * there, in bytes; by default 2 GiB, which most adapters allow. With the precision f16, tensors may be f16. Reads, and
 * pictures in and out, throw a RecordingError.
 *
 * @example
 * ```ts
 * const plan = planningGpu({ profile: "gpu", subgroupSize: 32 });
 * const x = plan.empty([1024, 1024]);
 * const { program } = await record(plan, () => matmul(square(x), x));
 * console.log(program.bytes / 2 ** 20, plan.memory().peakBytes / 2 ** 20); // 8 12: MiB of the step, and with x
 * ```
 */
export function planningGpu(traits: AdapterTraits, maxBufferSize = 2 ** 31 - 4): Gpu {
  const { profile, subgroupSize, precision = "f32" } = traits;
  checkValue("planningGpu: profile", profile, oneOf("gpu", "software"));
  const nothing = () => ({});
  const pass = { setPipeline: nothing, setBindGroup: nothing, dispatchWorkgroups: nothing, end: nothing };
  const device = {
    adapterInfo: {
      vendor: "",
      architecture: "",
      device: "",
      description: "planning",
      isFallbackAdapter: false,
      subgroupMinSize: subgroupSize,
      subgroupMaxSize: subgroupSize,
    },
    features: new Set(subgroupSize > 0 ? ["subgroups"] : []),
    limits: { maxBufferSize, maxStorageBufferBindingSize: maxBufferSize },
    lost: new Promise<never>(() => {}),
    queue: { writeBuffer: nothing, submit: nothing, onSubmittedWorkDone: () => Promise.resolve() },
    addEventListener: nothing,
    removeEventListener: nothing,
    destroy: nothing,
    createBuffer: ({ size }: GPUBufferDescriptor) => ({ size, destroy: nothing }),
    createCommandEncoder: () => ({ copyBufferToBuffer: nothing, beginComputePass: () => pass, finish: nothing }),
    createBindGroupLayout: nothing,
    createBindGroup: nothing,
    createPipelineLayout: nothing,
    createShaderModule: nothing,
    pushErrorScope: nothing,
    popErrorScope: () => Promise.resolve(null),
    createComputePipeline: nothing,
    createComputePipelineAsync: () => Promise.resolve({}),
  };
  const gpu = new Gpu(device as unknown as GPUDevice, profile, true);
  gpu.precision = precision;
  // The WGSL of kernels for software adapters may not be loaded.
  gpu.queue.dispatch = () => {};
  gpu.readBytes = async ({ shape }) => {
    const what = `a tensor of shape [${shape}] has no content: it is of a planningGpu, which computes nothing`;
    throw new RecordingError(what, "Do the work on an engine of openGpu to read it.");
  };
  return gpu;
}
