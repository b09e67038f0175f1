// Matrix units (tensor cores) of GPUs, on an engine opened with f16: they run versions of the tiled kernels with the
// same bindings, params and constants. Operands are f16 (a convolution's weights are rounded to it, as under PyTorch's
// autocast), accumulators f32.
// Limits: WebGPU's experimental feature chromium-experimental-subgroup-matrix, which dawn.node enables with
// allow_unsafe_apis; subgroups of 32; a configuration of 16 x 16 x 16 from f16 to f32, which NVIDIA's GPUs have.
import { texts } from "../../shaders/matrix.generated.js";
import type { Gpu } from "./gpu.js";
import type { KernelSource } from "./kernel.js";
import { unrolled } from "./unroll.js";

const FEATURE = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** Bytes of workgroup memory for the largest tile: 128 x 128 results, K tiles of 48. */
const WORKGROUP_MEMORY = 34304;

/** Dawn's non-standard properties of GPUAdapter.info; a device's adapterInfo does not have them. */
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

/** Wraps an adapter that has matrix units, so that openGpu's device gets the feature. */
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

/** Makes an engine's tiled kernels use matrix units. */
export function useMatrixUnits({ kernels }: Gpu): void {
  if (kernels.halves) kernels.halves.replaceKernel = matrixVersion;
  // NVIDIA's compiler puts an array of matrices into memory if an index into it is not constant, and a step takes twice
  // the time. So loops are unrolled.
  kernels.rewrite = (code) => (code.includes("subgroup_matrix") ? unrolled(code) : code);
}

/** The versions for matrix units by kernel, and the bindings that must be f16. */
const VERSIONS: { readonly [name: string]: { code: string; operands: readonly string[] } } = {
  conv2d_tiled: { code: texts.conv2d_matrix, operands: ["x"] },
  matmul_tiled: { code: texts.matmul_matrix, operands: ["a", "b"] },
  conv2d_weight_gradient_tiled: { code: texts.conv2d_weight_gradient_matrix, operands: ["x", "dy"] },
};

const versions = new Map<KernelSource, KernelSource>();

/**
 * The version of a kernel for matrix units, if there is one, its operands are f16 and the tile is large: smaller tiles
 * are not limited by arithmetic. Otherwise the kernel itself.
 */
export function matrixVersion(
  source: KernelSource,
  { THREAD_N }: { readonly [name: string]: number | boolean },
  halves: readonly string[],
): KernelSource {
  const { code, operands } = VERSIONS[source.name] ?? {};
  if (!code || THREAD_N !== 2 || !operands?.every((name) => halves.includes(name))) return source;
  const version = versions.get(source) ?? { ...source, name: source.name.replace("tiled", "matrix"), code };
  versions.set(source, version);
  return version;
}
