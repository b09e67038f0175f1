// Dawn's null backend: it validates everything and runs nothing.
import { create } from "webgpu";

// Dawn crashes where this object is collected.
const nullBackend = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
let opening: Promise<GPUDevice> | undefined;

/** A device that runs nothing and validates everything: all features, experimental ones too, base limits. */
export function nullDevice(): Promise<GPUDevice> {
  opening ??= (async () => {
    const adapter = (await nullBackend.requestAdapter()) as GPUAdapter;
    const device = await adapter.requestDevice({ requiredFeatures: [...adapter.features] as GPUFeatureName[] });
    device.addEventListener("uncapturederror", (event) => event.preventDefault());
    return device;
  })();
  return opening;
}
