// On which devices convolutions go to tensor cores, and that Dawn accepts the text of their kernels there: with the
// bindings that are f16, and loops as they are and written out.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withHalves } from "../../../engine/device/half.js";
import { specialize } from "../../../engine/device/kernel-source.js";
import { hasSubgroupMatrix, matrixForm, withSubgroupMatrix } from "../../../engine/device/subgroup-matrix.js";
import { unrolled } from "../../../engine/device/unroll.js";
import { TILES } from "../../../engine/operators/lib/tiles.js";
import { conv2d_tiled, conv2d_weight_gradient_tiled, matmul_tiled } from "../../../shaders/generated.js";
import { nullDevice } from "../../support/null-device.js";

const config = (componentType: string, resultComponentType: string, N = 16) => ({
  componentType,
  resultComponentType,
  M: 16,
  N,
  K: 16,
});

/** What an NVIDIA H100 says, and what differs from it. */
const adapter = (other: { feature?: string; memory?: number; least?: number; configs?: object[] | undefined } = {}) => {
  const configs = "configs" in other ? other.configs : [config("f16", "f16"), config("f16", "f32")];
  return {
    features: new Set([other.feature ?? "chromium-experimental-subgroup-matrix"]),
    limits: { maxComputeWorkgroupStorageSize: other.memory ?? 49152 },
    info: { subgroupMinSize: other.least ?? 32, subgroupMaxSize: 32, subgroupMatrixConfigs: configs },
    requestDevice: (descriptor?: GPUDeviceDescriptor) => descriptor,
  } as unknown as GPUAdapter;
};
const has = (...other: Parameters<typeof adapter>) => hasSubgroupMatrix(adapter(...other));

test("tensor cores are used where the feature, its configuration, subgroups of 32 and the memory are there", () => {
  assert.ok(has());
  assert.not(has({ feature: "shader-f16" }));
  assert.not(has({ memory: 16384 }));
  assert.not(has({ least: 16 }));
  assert.not(has({ configs: undefined }));
  assert.not(has({ configs: [config("f16", "f16"), config("f16", "f32", 8), config("f32", "f32")] }));
});

test("a device is asked for the feature and the memory, beside what the engine asks for", () => {
  const descriptor = { requiredFeatures: ["shader-f16"], requiredLimits: { maxBufferSize: 1 } } as const;
  assert.equal(withSubgroupMatrix(adapter()).requestDevice(descriptor) as unknown, {
    requiredFeatures: ["shader-f16", "chromium-experimental-subgroup-matrix"],
    requiredLimits: { maxBufferSize: 1, maxComputeWorkgroupStorageSize: 49152 },
  });
});

for (const [kernel, kTile, bindings] of [
  [conv2d_tiled, { CHANNELS: 1 }, ["x", "y"]],
  [conv2d_tiled, { CHANNELS: 2, KW: 7, KH: 7, PARTS_Y: 7 }, ["x"]],
  [matmul_tiled, { TILE_K: 16 }, ["a", "b"]],
  [conv2d_weight_gradient_tiled, { TILE_K: 8, SUM_A: true }, ["x", "dy"]],
] as const) {
  test(`${kernel.name} on tensor cores compiles with ${bindings.join(" and ")} in f16`, async () => {
    const device = await nullDevice();
    const form = matrixForm(kernel, { THREAD_N: 2 }, bindings);
    assert.is.not(form, kernel);
    for (const tile of ["128x128", "64x128"] as const) {
      const code = specialize({ ...form, code: withHalves(form.code, bindings) }, { ...TILES[tile], ...kTile });
      for (const text of [code, unrolled(code)]) {
        const { messages } = await device.createShaderModule({ code: text }).getCompilationInfo();
        assert.equal(
          messages.map(({ message }) => message),
          [],
          tile,
        );
      }
      // Loops over matrices are unrolled; those over K tiles and parts of a sum are left.
      const loops = [...unrolled(code).matchAll(/\bfor ?\(var (\w+)/g)].map(([, counter]) => counter);
      assert.equal(
        [...new Set(loops)].filter((counter) => counter !== "k_tile" && counter !== "part"),
        [],
      );
    }
  });
}

test.run();
