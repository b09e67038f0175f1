// Checkpoints: everything that a run needs to resume exactly, in one safetensors file (as bytes; the caller stores
// them). Weights carry a network's name and the published key ("G.model.1.weight"), Adam's moments "adam_m.G..." and
// "adam_v.G...", averaged weights "ema.G..."; the rest is JSON in the metadata.
import type { Tensor } from "../../engine/core/tensor.js";
import { parseSafetensors, serializeSafetensors } from "../../engine/formats/safetensors.js";
import { type StoredTensor, toFloat32 } from "../../engine/formats/state-dict.js";
import { CheckpointError, DivergenceError, FormatError } from "../../engine/lib/errors.js";
import { readParameters } from "../networks/network.js";
import { parseRunState, type RunState } from "./run-state.js";
import type { TrainingStep } from "./training-step.js";

/** What a checkpoint's metadata has as `format`. */
export const FORMAT = "cutgpu checkpoint 1";

type Group = readonly [prefix: string, tensors: ReadonlyMap<string, Tensor>];

/** The tensors of a training by the prefix of their keys in a checkpoint. */
function groupsOf({ adam, averaged, method }: TrainingStep, weightsOnly = false): Group[] {
  if (weightsOnly) return Object.entries(adam).map(([network, { parameters }]) => [network, parameters]);
  const networks = Object.entries(adam).flatMap(([network, { parameters, m, v }]): Group[] => [
    [network, parameters],
    [`adam_m.${network}`, m],
    [`adam_v.${network}`, v],
  ]);
  const averages = Object.entries(averaged).map(([network, { averages }]): Group => [`ema.${network}`, averages]);
  return [...networks, ...averages, ["state", method.state ?? new Map()]];
}

/**
 * The whole state of a training as one safetensors file.
 * Throws a DivergenceError where a value is not finite, since no run can resume from that.
 */
export async function serializeCheckpoint(step: TrainingStep, state: RunState): Promise<Uint8Array> {
  const tensors = new Map<string, StoredTensor>();
  const add = async (prefix: string, parameters: ReadonlyMap<string, Tensor>) => {
    for (const [key, data] of await readParameters(parameters)) {
      if (!allFinite(data)) {
        throw new DivergenceError(
          `${prefix}.${key} became infinite or NaN at step ${state.step}, which is not saved`,
          "Go on from the last checkpoint with --continue_train and a lower --lr.",
        );
      }
      tensors.set(`${prefix}.${key}`, { dtype: "F32", shape: [...(parameters.get(key) as Tensor).shape], data });
    }
  };
  for (const [prefix, group] of groupsOf(step)) await add(prefix, group);
  const all = Object.entries(step.adam).map(async ([name, adam]) => [name, await adam.updates()] as const);
  const updates = (await Promise.all(all)).filter(([, updates]) => updates !== state.step);
  const whole: RunState = {
    ...state,
    counts: Object.keys(step.counts).length > 0 ? step.counts : undefined,
    updates: updates.length > 0 ? Object.fromEntries(updates) : undefined,
    lossScale: await step.scaler?.read().then(({ scale, growthTracker: clean }) => ({ scale, clean })),
  };
  return serializeSafetensors({ tensors, metadata: { format: FORMAT, state: JSON.stringify(whole) } });
}

/** Whether no value is infinite or NaN: 0 * x is NaN exactly there, and a sum is faster than a test of each. */
export function allFinite(data: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += 0 * data[i];
  return sum === 0;
}

export interface Checkpoint {
  state: RunState;
  tensors: ReadonlyMap<string, StoredTensor>;
}

/** Parses a checkpoint of a training. `where` names it in errors. */
export function parseCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const { tensors, metadata } = parseSafetensors(bytes, where);
  if (metadata["format"] !== FORMAT) {
    throw new FormatError(
      `${where} is no checkpoint of a training`,
      "Give a checkpoint that `cutgpu train` wrote, such as latest.safetensors of a run.",
    );
  }
  const state = parseRunState(metadata["state"]);
  if (state) return { state, tensors };
  throw new FormatError(`${where} is damaged: it does not say where the training stood.`, "Give another checkpoint.");
}

/** Loads a checkpoint's weights and Adam's moments into a training. `weightsOnly` leaves the optimizers as they are. */
export function restoreCheckpoint(
  step: TrainingStep,
  { tensors, state }: Checkpoint,
  where: string,
  weightsOnly = false,
): void {
  const { model = "cut" } = state.options;
  if (model !== step.options.model) {
    throw new CheckpointError(
      `${where} is of --model ${model} and this run of --model ${step.options.model}`,
      `Give --model ${model}, or another checkpoint.`,
    );
  }
  const find = (key: string, parameter: Tensor) => {
    const stored = tensors.get(key);
    if (!stored || stored.shape.join() !== parameter.shape.join()) {
      throw new CheckpointError(
        `${where} holds networks of another architecture: ` +
          `${key} ${stored ? `is [${stored.shape}]` : "is missing"} and this run wants [${parameter.shape}]`,
        "Give the same --netG, --ngf, --netD, --ndf, --netF_nc and --nce_layers as the run that wrote it.",
      );
    }
    return toFloat32(stored);
  };
  // Everything is checked before anything is written, so that an error leaves the training as it was.
  const writes: [Tensor, Float32Array][] = [];
  for (const [prefix, group] of groupsOf(step, weightsOnly)) {
    for (const [key, tensor] of group) writes.push([tensor, find(`${prefix}.${key}`, tensor)]);
  }
  for (const [tensor, data] of writes) tensor.write(data);
  if (weightsOnly) return;
  step.resumeAt(state.step, state.updates, state.counts);
  if (state.lossScale) step.scaler?.write({ scale: state.lossScale.scale, growthTracker: state.lossScale.clean });
}
