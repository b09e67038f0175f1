// Dawn's null backend: it validates everything and runs nothing.
import { create } from "webgpu";

// Dawn crashes where this object is collected.
const nullBackend = create(["backend=null"]);
let opening: Promise<GPUDevice> | undefined;

/** A device that runs nothing and validates everything: all features, base limits. */
export function nullDevice(): Promise<GPUDevice> {
  opening ??= (async () => {
    const adapter = (await nullBackend.requestAdapter()) as GPUAdapter;
    const device = await adapter.requestDevice({ requiredFeatures: [...adapter.features] as GPUFeatureName[] });
    device.addEventListener("uncapturederror", (event) => event.preventDefault());
    return device;
  })();
  return opening;
}
