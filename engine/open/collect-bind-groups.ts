// Keeps lavapipe from crashing in long eager loops. It maps a page of memory for every bind group, Linux allows a
// process 65,530 mappings (vm.max_map_count), and lavapipe does not survive the first one that fails. WebGPU has no way
// to destroy a bind group: only garbage collection frees it, which sees a small object and may take its time. A device
// of the app's own is left as it is.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bind groups made between collections, of all engines of the process. */
const COLLECTED_AFTER = 8192;

let made = 0;
let collect: (() => void) | undefined;

/** Node's garbage collector, which has no other call. Other runtimes with Node's modules, such as Bun, have none. */
function collector(): () => void {
  try {
    // The flag is read where a context is made: the program's own gets no gc() by it.
    setFlagsFromString("--expose-gc");
    return runInNewContext("gc");
  } catch {
    return () => {};
  }
}

/** From now on garbage is collected after so many bind groups of the device, if its driver is lavapipe. */
export function collectBindGroups(device: GPUDevice): void {
  const { vendor, architecture } = device.adapterInfo;
  if (vendor !== "mesa" || architecture !== "software") return;
  const create = device.createBindGroup.bind(device);
  device.createBindGroup = (descriptor) => {
    if (++made % COLLECTED_AFTER === 0) {
      collect ??= collector();
      collect();
    }
    return create(descriptor);
  };
}
