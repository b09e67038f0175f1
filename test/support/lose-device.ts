// Loaded before the command: its device is lost in the midst of the work, as when a driver restarts.
import { globals } from "webgpu";

/** What a few steps with their checkpoints submit. */
const SUBMITS = 1000;
const adapter = (globals as { GPUAdapter: { prototype: GPUAdapter } }).GPUAdapter.prototype;
const { requestDevice } = adapter;

adapter.requestDevice = async function (descriptor) {
  const device = await requestDevice.call(this, descriptor);
  const { queue } = device;
  const { submit } = queue;
  let submits = 0;
  queue.submit = (commands) => {
    submits++;
    if (submits === SUBMITS) device.destroy();
    return submit.call(queue, commands);
  };
  return device;
};
