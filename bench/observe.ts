// What work is made of: its operators in order, with the textbook's count of operations and bytes, and the dispatches of
// each. By this a step's operations are counted, and single operators of it can be run again alone with the very shapes
// that they have in it.

import type { Cost } from "../engine/core/operator.js";
import { Storage, type Tensor } from "../engine/core/tensor.js";
import type { Gpu } from "../engine/device/gpu.js";
import type { Grid, KernelSource } from "../engine/device/kernel.js";
import { Recipes } from "../engine/program/rematerialization.js";
import { randomTensor } from "./random-data.js";

interface ObservedDispatch {
  source: KernelSource;
  bindings: { readonly [name: string]: Tensor };
  params: { readonly [name: string]: number };
  grid: Grid;
  constants?: { readonly [name: string]: number | boolean };
}

/** One call of an operator; "adam" for updates of parameters, "other" for what belongs to no operator. */
export interface ObservedCall extends Cost {
  operator: string;
  dispatches: ObservedDispatch[];
}

const NOTHING: Cost = { flops: 0, bytes: 0 };

type Dispatch = (source: KernelSource, run: Omit<ObservedDispatch, "source">) => void;

/** Runs `work`, which may record, and returns the operators that it called beside its result. */
export async function observe<T>(gpu: Gpu, work: () => T | Promise<T>): Promise<{ result: T; calls: ObservedCall[] }> {
  const calls: ObservedCall[] = [];
  let dispatches: ObservedDispatch[] = [];
  const before = gpu.onOperator;
  const original = gpu.dispatch.bind(gpu) as Dispatch;
  // An operator reports itself when its last dispatch is given, those inside it before it.
  gpu.onOperator = (call) => {
    before?.(call);
    calls.push({ ...call, dispatches });
    dispatches = [];
  };
  const watching: Dispatch = (source, run) => {
    // Optimizers dispatch by themselves, and an operator that follows must not be taken for the one that did.
    if (source.name.startsWith("adam")) calls.push({ operator: "adam", ...NOTHING, dispatches: [{ source, ...run }] });
    else dispatches.push({ source, ...run });
    original(source, run);
  };
  gpu.dispatch = watching as Gpu["dispatch"];
  try {
    const result = await work();
    if (dispatches.length) calls.push({ operator: "other", ...NOTHING, dispatches });
    return { result, calls };
  } finally {
    gpu.onOperator = before;
    Reflect.deleteProperty(gpu, "dispatch");
  }
}

/** The operators that `work` would call. Nothing is compiled and nothing runs. */
export async function rehearse(gpu: Gpu, work: () => unknown): Promise<ObservedCall[]> {
  const constants: GPUBuffer[] = [];
  const { calls } = await observe(gpu, () => {
    gpu.queue.flush();
    gpu.recording = {
      dispatch: () => {},
      allocate: (bytes, label) => new Storage(bytes, label, null, true),
      adopt: (buffer) => constants.push(buffer),
      recipes: new Recipes("nothing"),
    };
    try {
      gpu.outsideScopes(work);
    } finally {
      gpu.recording = null;
      for (const buffer of constants) gpu.releaseBuffer(buffer);
    }
  });
  return calls;
}

/** The sums of what calls cost. */
export const totalCost = (calls: readonly Cost[]): Cost => ({
  flops: calls.reduce((sum, { flops }) => sum + flops, 0),
  bytes: calls.reduce((sum, { bytes }) => sum + bytes, 0),
});

/**
 * Work that gives the dispatches of `calls` again, on tensors of its own with random content: one for each storage of the
 * original, so that what was shared is shared.
 */
export function again(gpu: Gpu, calls: readonly ObservedCall[]): { work: () => void; dispose: () => void } {
  const twins = new Map<Storage, Tensor>();
  const twin = (tensor: Tensor) => {
    let found = twins.get(tensor.storage);
    if (!found) {
      const size = Math.ceil(tensor.storage.bytes / 4);
      if (tensor.dtype === "i32") {
        found = gpu.persistent([size], "i32");
        found.write(new Int32Array(size));
      } else found = randomTensor(gpu, [size]);
      twins.set(tensor.storage, found);
    }
    return found;
  };
  const runs = calls.flatMap(({ dispatches }) =>
    dispatches.map(({ source, bindings, ...rest }) => {
      const own = Object.fromEntries(Object.entries(bindings).map(([name, tensor]) => [name, twin(tensor)]));
      return { source, run: { ...rest, bindings: own } };
    }),
  );
  return {
    work: () => {
      for (const { source, run } of runs) (gpu.dispatch as Dispatch)(source, run);
    },
    dispose: () => {
      for (const tensor of twins.values()) tensor.dispose();
    },
  };
}
