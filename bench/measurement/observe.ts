// The operators of work in order, with their nominal FLOPs and bytes, and the dispatches of each. This gives the FLOPs
// of a step, and lets its operators be repeated alone with the same shapes.
import type { Gpu } from "../../engine/core/gpu.js";
import type { DispatchCall } from "../../engine/core/observers.js";
import type { Cost } from "../../engine/core/operator.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { KernelSource } from "../../engine/device/kernel-source.js";
import type { Storage } from "../../engine/device/storage.js";
import { dryRun } from "../../engine/program/recording.js";
import { randomTensor } from "../inputs/random-data.js";

/** One call of an operator; "adam" for updates of parameters, "other" for dispatches of no operator. */
export interface ObservedCall extends Cost {
  operator: string;
  dispatches: DispatchCall[];
}

/** The cost of work without FLOPs and bytes, or whose cost is not counted. */
export const NO_COST: Cost = { flops: 0, bytes: 0 };

/** Runs `work`, which may record, and returns the operators that it called. */
export async function observe(gpu: Gpu, work: () => unknown): Promise<ObservedCall[]> {
  const calls: ObservedCall[] = [];
  let dispatches: DispatchCall[] = [];
  const unobserve = gpu.observers.add({
    // An operator is reported after its last dispatch, and the operators inside it before it.
    onOperator(call) {
      calls.push({ ...call, dispatches });
      dispatches = [];
    },
    onDispatch(dispatch) {
      // Optimizers dispatch outside operators; their dispatches must not count for the next operator.
      if (dispatch.source.name.startsWith("adam")) calls.push({ operator: "adam", ...NO_COST, dispatches: [dispatch] });
      else dispatches.push(dispatch);
    },
  });
  try {
    await work();
    if (dispatches.length) calls.push({ operator: "other", ...NO_COST, dispatches });
    return calls;
  } finally {
    unobserve();
  }
}

/** The operators that `work` would call. Nothing is compiled and nothing runs. */
export function observeDryRun(gpu: Gpu, work: () => unknown): Promise<ObservedCall[]> {
  return observe(gpu, () => dryRun(gpu, work));
}

/** The total cost of calls. */
export const totalCost = (calls: readonly Cost[]): Cost => ({
  flops: calls.reduce((sum, { flops }) => sum + flops, 0),
  bytes: calls.reduce((sum, { bytes }) => sum + bytes, 0),
});

/**
 * Work that repeats the dispatches of `calls` on tensors of its own with random content: one for each storage of the
 * original, so that sharing stays the same.
 */
export function repeatCalls(gpu: Gpu, calls: readonly ObservedCall[]): { work: () => void; dispose: () => void } {
  const copies = new Map<Storage, Tensor>();
  const copyOf = (tensor: Tensor) => {
    let found = copies.get(tensor.storage);
    if (!found) {
      const size = Math.ceil(tensor.storage.bytes / 4);
      if (tensor.dtype === "i32") {
        found = gpu.persistent([size], "i32");
        found.write(new Int32Array(size));
      } else found = randomTensor(gpu, [size]);
      copies.set(tensor.storage, found);
    }
    return found;
  };
  const runs = calls.flatMap(({ dispatches }) =>
    dispatches.map(({ source, bindings, ...rest }) => {
      const own = Object.fromEntries(Object.entries(bindings).map(([name, tensor]) => [name, copyOf(tensor)]));
      return { source, run: { ...rest, bindings: own } };
    }),
  );
  return {
    work: () => {
      for (const { source, run } of runs) gpu.dispatch<KernelSource>(source, run);
    },
    dispose: () => {
      for (const tensor of copies.values()) tensor.dispose();
    },
  };
}
