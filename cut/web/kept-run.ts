// A run that is kept, as the page shows it: where its training stands, its record, and its sample pictures.
import type { LossRow } from "../report/losses.js";
import type { MetricRow } from "../report/metrics.js";
import type { Alarm } from "../training/alarms.js";
import { parseCheckpoint } from "../training/checkpoint.js";
import type { RunState } from "../training/run-state.js";
import type { Sample } from "./protocol.js";
import type { RunStore } from "./store.js";

interface KeptRun {
  /** Null where there is no checkpoint yet. */
  state: RunState | null;
  losses: LossRow[];
  alarms: Alarm[];
  metrics: MetricRow[];
  samples: Sample[];
  /** Whether it was imported without its pictures. */
  wantsPictures: boolean;
  /** Whether there is a best model besides the latest. */
  hasBest: boolean;
}

/** Reads it all; of the record what is not beyond the checkpoint. */
export async function keptRun(store: RunStore, name: string): Promise<KeptRun> {
  const latest = await store.read("latest.safetensors");
  const state = latest && parseCheckpoint(new Uint8Array(await latest.arrayBuffer()), name).state;
  const step = state?.step ?? 0;
  return {
    state,
    losses: await store.rowsOf<LossRow>("losses.jsonl", step),
    alarms: await store.rowsOf<Alarm>("alarms.jsonl", step),
    metrics: await store.rowsOf<MetricRow>("metrics.jsonl", step),
    samples: await keptSamples(store),
    wantsPictures: (await store.files("data")).length === 0,
    hasBest: (await store.read("best.safetensors")) !== null,
  };
}

/** The pictures of samples/, by label and step. */
async function keptSamples(store: RunStore): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const path of await store.files("samples")) {
    const [, when, label] = path.match(/^samples\/(input|\d+)_(.+)\.png$/) ?? [];
    const png = when && (await store.read(path));
    if (png) samples.push({ label, step: when === "input" ? null : Number(when), png });
  }
  return samples;
}
