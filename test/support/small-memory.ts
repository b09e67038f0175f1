// A GPU whose memory is full after so many bytes, as far as callers can tell: the buffer that is too many is an invalid
// one, and the innermost error scope for it, or else the device's handler, hears of it. Loaded before a command, it
// makes its device one of MEMORY_BYTES.
import { globals } from "webgpu";

/** `device` may be the prototype of all. Works on its own, so that a page can be given its text. */
export function limitMemory(device: GPUDevice, bytes: number): void {
  class GPUOutOfMemoryError {
    readonly message = "no memory is left";
  }
  const { createBuffer, pushErrorScope, popErrorScope } = device;
  const scopes: { filter: GPUErrorFilter; error: GPUError | null }[] = [];
  let used = 0;
  device.pushErrorScope = function (filter) {
    scopes.push({ filter, error: null });
    return pushErrorScope.call(this, filter);
  };
  device.popErrorScope = async function () {
    const scope = scopes.pop();
    return (await popErrorScope.call(this)) ?? scope?.error ?? null;
  };
  device.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    // Those that are mapped lie in the host's memory.
    if (descriptor.usage & 1) return buffer;
    const { destroy } = buffer;
    if (used + descriptor.size > bytes) {
      destroy.call(buffer);
      const error = new GPUOutOfMemoryError();
      const scope = scopes.findLast(({ filter }) => filter === "out-of-memory");
      if (scope) scope.error ??= error;
      else this.dispatchEvent(Object.assign(new Event("uncapturederror"), { error }));
      return buffer;
    }
    used += descriptor.size;
    let alive = true;
    buffer.destroy = () => {
      if (alive) used -= descriptor.size;
      alive = false;
      return destroy.call(buffer);
    };
    return buffer;
  };
}

const given = process.env["MEMORY_BYTES"];
if (given) {
  const adapter = (globals as { GPUAdapter: { prototype: GPUAdapter } }).GPUAdapter.prototype;
  const { requestDevice } = adapter;
  adapter.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    limitMemory(device, Number(given));
    return device;
  };
}
