// Subgroup matrices, WGSL's access to a GPU's tensor cores, for an engine of f16 precision: forms of the tiled kernels
// that multiply on them, with the same bindings, params and constants. Operands are f16 (a convolution's weights are
// rounded to it, as under PyTorch's autocast), sums f32.
// Limits: WebGPU's experimental feature chromium-experimental-subgroup-matrix, which dawn.node enables with
// allow_unsafe_apis; subgroups of 32; a configuration of 16 x 16 x 16 from f16 to f32, which NVIDIA's GPUs have.
import { texts } from "../../shaders/matrix.generated.js";
import type { KernelCache } from "./kernel.js";
import type { KernelSource } from "./kernel-source.js";
import { unrolled } from "./unroll.js";

const FEATURE = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** Bytes of workgroup memory that the largest tile takes: 128 x 128 results, K tiles of 48 elements. */
const WORKGROUP_MEMORY = 34304;

/** Dawn's extension of an adapter's info; a device's adapterInfo lacks the configurations. */
interface MatrixInfo {
  subgroupMatrixConfigs?: Iterable<{
    componentType: string;
    resultComponentType: string;
    M: number;
    N: number;
    K: number;
  }>;
}

/** Whether an adapter's devices can run these kernels. */
export function hasSubgroupMatrix({ features, limits, info }: GPUAdapter): boolean {
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

/** The same adapter, but its devices have the feature and enough workgroup memory. */
export function withSubgroupMatrix(adapter: GPUAdapter): GPUAdapter {
  const { features, limits, info } = adapter;
  const requestDevice = ({ requiredFeatures = [], requiredLimits, ...others }: GPUDeviceDescriptor = {}) =>
    adapter.requestDevice({
      ...others,
      requiredFeatures: [...requiredFeatures, FEATURE],
      requiredLimits: { ...requiredLimits, maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize },
    });
  return { features, limits, info, requestDevice } as GPUAdapter;
}

/** Makes an engine's tiled kernels take these forms. */
export function useSubgroupMatrix(kernels: KernelCache): void {
  if (kernels.halves) kernels.halves.forms = matrixForm;
  // NVIDIA's compiler keeps an array of matrices in memory if an index into it is not constant; a step then takes twice
  // the time.
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
 * The kernel's form for tensor cores if it has one, its operands are f16 and the tile is large: products in smaller
 * tiles are not bound by arithmetic.
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
