// The sample pictures of a run that is kept, as the worker stored them.
import type { Sample } from "./protocol.js";
import type { RunStore } from "./store.js";

/** Those of samples/, by label and step. */
export async function keptSamples(store: RunStore): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const path of await store.files("samples")) {
    const [, when, label] = path.match(/^samples\/(input|\d+)_(.+)\.png$/) ?? [];
    const png = when && (await store.read(path));
    if (png) samples.push({ label, step: when === "input" ? null : Number(when), png });
  }
  return samples;
}
