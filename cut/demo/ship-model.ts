// Makes the model of the page and the pictures of README.md from a long run of the demo: `cutgpu demo --long --seed 1`,
// then `node dist/cut/demo/ship-model.js runs/blueprints`. The model keeps the generator and the heads, which "Look
// inside" needs, in float32. Without the discriminator and Adam's moments the file is a fifth of the checkpoint.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSafetensors, serializeSafetensors } from "../../engine/formats/safetensors.js";

const checkpoint = join(process.argv[2] ?? "runs/blueprints", "latest.safetensors");
const target = fileURLToPath(new URL("../../../cut/web/demo-model.safetensors", import.meta.url));

const { tensors, metadata } = parseSafetensors(new Uint8Array(readFileSync(checkpoint)), checkpoint);
const kept = new Map([...tensors].filter(([key]) => /^[GF]\./.test(key)));
const bytes = serializeSafetensors({ tensors: kept, metadata });
writeFileSync(target, bytes);
console.log(`${target}: ${kept.size} tensors, ${(bytes.length / 1e6).toFixed(2)} MB`);
