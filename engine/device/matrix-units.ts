// A GPU's matrix units (tensor cores), for an engine of f16 precision: tiled kernels in the form that multiplies on
// them, with the same bindings, params and constants. Operands are f16 (a convolution's weights are rounded to it, as
// under PyTorch's autocast), sums f32.
// Limits: WebGPU's experimental feature chromium-experimental-subgroup-matrix, which dawn.node has behind
// allow_unsafe_apis; subgroups of 32; a configuration of 16 x 16 x 16 from f16 to f32, which NVIDIA's GPUs have.
import { texts } from "../../shaders/matrix.generated.js";
import type { Gpu } from "./gpu.js";
import type { KernelSource } from "./kernel.js";
import { unrolled } from "./unroll.js";

const FEATURE = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** Bytes of workgroup memory that the largest tile takes: 128 x 128 results, slices of 48 terms. */
const WORKGROUP_MEMORY = 34304;

/** What Dawn tells of an adapter beyond the standard; a device's adapterInfo names no configurations. */
interface MatrixInfo {
  subgroupMatrixConfigs?: Iterable<{
    componentType: string;
    resultComponentType: string;
    M: number;
    N: number;
    K: number;
  }>;
}

/** Whether the kernels run on devices of an adapter. */
export function hasMatrixUnits({ features, limits, info }: GPUAdapter): boolean {
  const { subgroupMinSize, subgroupMaxSize, subgroupMatrixConfigs = [] } = info as GPUAdapterInfo & MatrixInfo;
  return (
    features.has(FEATURE) &&
    limits.maxComputeWorkgroupStorageSize >= WORKGROUP_MEMORY &&
    subgroupMinSize === 32 &&
    subgroupMaxSize === 32 &&
    [...subgroupMatrixConfigs].some(
      ({ componentType, resultComponentType, M, N, K }) =>
        componentType === "f16" && resultComponentType === "f32" && M === 16 && N === 16 && K === 16,
    )
  );
}

/** An adapter that has them, such that openGpu's device has them too. */
export function withMatrixUnits(adapter: GPUAdapter): GPUAdapter {
  const { features, limits, info } = adapter;
  const requestDevice = ({ requiredFeatures = [], requiredLimits, ...others }: GPUDeviceDescriptor = {}) =>
    adapter.requestDevice({
      ...others,
      requiredFeatures: [...requiredFeatures, FEATURE],
      requiredLimits: { ...requiredLimits, maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize },
    });
  return { features, limits, info, requestDevice } as GPUAdapter;
}

/** Makes tiled kernels of an engine multiply on them. */
export function useMatrixUnits({ kernels }: Gpu): void {
  if (kernels.halves) kernels.halves.forms = matrixForm;
  // An array of matrices at an index that is no constant is memory to NVIDIA's compiler, and a step takes twice the
  // time.
  kernels.rewrite = (code) => (code.includes("subgroup_matrix") ? unrolled(code) : code);
}

/** The kernels that have such a form, and the bindings that must be f16 for it. */
const FORMS: { readonly [name: string]: { code: string; operands: readonly string[] } } = {
  conv2d_tiled: { code: texts.conv2d_matrix, operands: ["x"] },
  matmul_tiled: { code: texts.matmul_matrix, operands: ["a", "b"] },
  conv2d_weight_gradient_tiled: { code: texts.conv2d_weight_gradient_matrix, operands: ["x", "dy"] },
};

const made = new Map<KernelSource, KernelSource>();

/**
 * A kernel in its form for matrix units, where there is one, its operands are f16 and the tile is a large one: products
 * in smaller tiles do not wait for arithmetic.
 */
export function matrixForm(
  source: KernelSource,
  { THREAD_N }: { readonly [name: string]: number | boolean },
  halves: readonly string[],
): KernelSource {
  const { code, operands } = FORMS[source.name] ?? {};
  if (!code || THREAD_N !== 2 || !operands?.every((name) => halves.includes(name))) return source;
  const form = made.get(source) ?? { ...source, name: source.name.replace("tiled", "matrix"), code };
  made.set(source, form);
  return form;
}
