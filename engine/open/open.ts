// Opens an engine on a device of its own or on one of the app's. WebGPU's default limits suffice; the sizes of bindings
// and buffers are raised to the adapter's limits, and optional features requested if the adapter has them.
import { Gpu } from "../core/gpu.js";
import { type Precision, type Profile, profileOf } from "../device/adapter.js";
import { loadSoftwareKernels, textOf } from "../device/software-kernels.js";
import { callback, checkOptions, flag, oneOf, unchecked } from "../lib/check-options.js";
import { AdapterError } from "../lib/errors.js";
import { applyTuning, checkTuning, type TuningTable } from "../tuning/table.js";

export interface OpenOptions {
  /** Your own device; dispose() does not destroy it. */
  device?: GPUDevice;
  /** Your own adapter; by default navigator.gpu is asked for one. */
  adapter?: GPUAdapter | null;
  /** Forces a kernel profile; by default the adapter decides. */
  profile?: Profile | "auto";
  /**
   * "f16" allows tensors of 2-byte floats (f16), which kernels compute with as f32; the adapter must have shader-f16.
   * By default "f32".
   */
  precision?: Precision;
  /** A table measured on this adapter by `cutgpu tune`; one of another adapter or profile is ignored. */
  tuning?: TuningTable;
  /**
   * Looks for mistakes in work that is not recorded; slow. Calls `notify`, once each, for tensors that accumulate
   * outside of any scope, and for the first operator whose result has a NaN. gpu.empty() is filled with NaN, to find
   * reads of memory that was never written.
   */
  debug?: boolean;
  /** Called with a one-line warning, such as of an ignored tuning table or a software driver (Node). */
  notify?: (message: string) => void;
}

const OPTIONAL_FEATURES: GPUFeatureName[] = ["subgroups", "timestamp-query", "shader-f16"];
const RAISED_LIMITS = ["maxStorageBufferBindingSize", "maxBufferSize"] as const;

/** The checks of openGpu's options. */
export const openOptions = () => ({
  device: unchecked,
  adapter: unchecked,
  profile: oneOf("auto", "gpu", "software"),
  precision: oneOf("f32", "f16"),
  tuning: unchecked,
  debug: flag,
  notify: callback,
});

/**
 * Opens an engine, on a device of its own or on yours. In Node it uses dawn.node (npm's webgpu). Throws an AdapterError
 * if there is no WebGPU.
 *
 * @example
 * ```ts
 * import { add, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const sum = add(gpu.tensor([1, 2, 3]), gpu.tensor([10, 20, 30]));
 * console.log(await sum.read()); // 11, 22, 33
 * gpu.dispose();
 * ```
 */
export async function openGpu(options: OpenOptions = {}): Promise<Gpu> {
  checkOptions("openGpu", options, openOptions());
  const tuning = options.tuning && checkTuning(options.tuning);
  const configured = async (gpu: Gpu) => {
    // Rarely needed modules are loaded on demand.
    if (tuning || gpu.profile === "software") await loadSoftwareKernels();
    if (profileOf(gpu.info) === "software") gpu.kernels.rewrite = (await import("../device/unroll.js")).unrolled;
    if (options.precision === "f16") (await import("../device/half.js")).useHalves(gpu, AdapterError, textOf);
    if (tuning) applyTuning(gpu, tuning, options.notify);
    if (options.debug) (await import("./debug.js")).lookForMistakes(gpu, options.notify ?? console.warn);
    return gpu;
  };
  if (options.device) return configured(new Gpu(options.device, options.profile ?? "auto", false));
  const adapter = options.adapter ?? (await globalThis.navigator?.gpu?.requestAdapter());
  if (!adapter) {
    throw new AdapterError(
      "no WebGPU adapter was found",
      "Use a browser with WebGPU; in Node open with cutgpu/node and run `cutgpu doctor`.",
    );
  }
  const requiredLimits: Record<string, number> = {};
  for (const limit of RAISED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const device = await adapter.requestDevice({
    requiredFeatures: OPTIONAL_FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits,
  });
  return configured(new Gpu(device, options.profile ?? "auto", true));
}
