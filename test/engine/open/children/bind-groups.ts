// Makes bind groups until a crash of lavapipe would be near, while so much else is alive that garbage is rarely
// collected, and prints the most mappings that the process had at one time.
import { readFileSync } from "node:fs";
import { openGpu } from "../../../../engine/open/node.js";

const others = Array.from({ length: 1_500_000 }, (_, i) => ({ i }));
const gpu = await openGpu();
const { device } = gpu;
const x = gpu.tensor([1]);
const layout = device.createBindGroupLayout({
  entries: [{ binding: 0, visibility: 4, buffer: { type: "storage" } }],
});
const buffer = device.createBuffer({ size: 256, usage: 128 });
let most = 0;
for (let i = 0; i < 40_000; i++) {
  device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] });
  if (i % 1000 === 0) {
    // Dawn frees what is no longer used when commands have run.
    x.write([i]);
    await x.read();
    most = Math.max(most, readFileSync("/proc/self/maps", "utf8").split("\n").length);
  }
}
console.log(JSON.stringify({ most, alive: others.length }));
