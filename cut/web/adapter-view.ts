// The adapter's name in the head of a page, and what to do where there is no WebGPU, or not even a script that has
// started (no-webgpu.html).
import type { Gpu } from "../../engine/core/gpu.js";
import { adapterLabel } from "../../engine/device/adapter.js";
import { byId } from "./dom.js";

/** Opens the device by `open` and shows its adapter. Returns null, and shows what to do, where there is none. */
export async function showAdapter(open: () => Promise<Gpu>): Promise<Gpu | null> {
  byId("not-started", "p").remove();
  if (!navigator.gpu) return showMissing("It has no navigator.gpu.");
  try {
    const gpu = await open();
    const speed = gpu.profile === "software" ? ", a software adapter: expect seconds, not milliseconds" : "";
    byId("adapter", "p").textContent = `GPU: ${adapterLabel(gpu) || "unnamed"}${speed}`;
    return gpu;
  } catch (error) {
    return showMissing(error instanceof Error ? `${error.message.replace(/\.$/, "")}.` : "It could not be opened.");
  }
}

function showMissing(why: string): null {
  byId("adapter", "p").textContent = "No GPU";
  byId("no-webgpu", "section").hidden = false;
  byId("no-webgpu-why", "p").textContent = `${why[0].toUpperCase()}${why.slice(1)} These browsers have WebGPU:`;
  return null;
}
