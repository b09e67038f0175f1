// Loaded before the command: its device is lost in the midst of the work, as when a driver restarts. At which submit,
// LOSE_AT says; how many there were is told on stderr.
import { globals } from "webgpu";

/** What a few steps with their checkpoints submit. */
const SUBMITS = Number(process.env["LOSE_AT"] ?? 1000);
const adapter = (globals as { GPUAdapter: { prototype: GPUAdapter } }).GPUAdapter.prototype;
const { requestDevice } = adapter;

adapter.requestDevice = async function (descriptor) {
  const device = await requestDevice.call(this, descriptor);
  const { queue } = device;
  const { submit } = queue;
  let submits = 0;
  process.on("exit", () => process.stderr.write(`submits: ${submits}\n`));
  queue.submit = (commands) => {
    submits++;
    if (submits === SUBMITS) device.destroy();
    return submit.call(queue, commands);
  };
  return device;
};
