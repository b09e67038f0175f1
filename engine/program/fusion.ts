// Kernel fusion in a recorded step, for fewer dispatches and less memory traffic: a dispatch is fused with the one that
// produced one of its inputs, unless a dispatch in between depends on either. Operators state their fusion rules where
// they dispatch; those of elementwise kernels are in pointwise-fusion.ts. Loaded by record, and of other modules it
// imports types only, so that bundles of apps that record nothing do not have it.
import type { Gpu } from "../core/gpu.js";
import type { Dispatch, Fusion } from "../core/recorder.js";
import type { Storage } from "../device/storage.js";
import { pointwiseFusion } from "./pointwise-fusion.js";
import type { Shared } from "./pointwise-kernel.js";

const writes = ({ source, storages }: Dispatch, { root }: Storage) =>
  Object.values(source.bindings).some((access, i) => access === "write" && storages[i].root === root);

const binds = ({ storages }: Dispatch, { root }: Storage) => storages.some((storage) => storage.root === root);

/** Whether a dispatch may be moved after another one: neither binds what the other writes. */
const canMoveAfter = (dispatch: Dispatch, other: Dispatch) =>
  dispatch.storages.every((storage) => !(writes(dispatch, storage) ? binds : writes)(other, storage));

/** The dispatches after fusion, if `gpu` is given that of elementwise ones, too. `kept` are read after them. */
export function fuse(
  dispatches: readonly Dispatch[],
  kept: ReadonlySet<Storage>,
  gpu?: Gpu | false,
  shared?: Shared,
): Dispatch[] {
  let fused = fuseBy(({ fusion }) => (fusion ? [fusion] : []), dispatches, kept);
  if (!gpu || !shared) return fused;
  const { rulesOf, settled } = pointwiseFusion(gpu, shared);
  for (let length = Number.POSITIVE_INFINITY; fused.length < length; ) {
    length = fused.length;
    fused = fuseBy(rulesOf, fused, kept);
  }
  return fused.map(settled);
}

/** Fusion by rules, of each dispatch with at most one of those before it. */
function fuseBy(
  rulesOf: (later: Dispatch) => readonly Fusion[],
  dispatches: readonly Dispatch[],
  kept: ReadonlySet<Storage>,
): Dispatch[] {
  const fused: Dispatch[] = [];
  const read = new Set([...kept].map(({ root }) => root));
  const lastUse = new Map(dispatches.flatMap(({ storages }, i) => storages.map(({ root }) => [root, i] as const)));
  for (const [i, later] of dispatches.entries()) {
    // What has memory of its own, as constants do, is still there in the next replay.
    const isStored = ({ virtual, buffer, root }: Storage) =>
      !virtual || buffer !== null || read.has(root) || (lastUse.get(root) ?? i) > i;
    let merged: readonly Dispatch[] | null = null;
    for (const { input, merge } of rulesOf(later)) {
      const made = later.storages[Object.keys(later.source.bindings).indexOf(input)];
      const at = fused.findLastIndex((dispatch) => binds(dispatch, made));
      const earlier = fused[at];
      const between = fused.slice(at + 1);
      if (!earlier?.storages.includes(made) || !writes(earlier, made)) continue;
      if (between.every((other) => canMoveAfter(earlier, other)))
        merged = merge(earlier, later, isStored(made), isStored, between);
      if (merged) {
        fused.splice(at, 1);
        break;
      }
    }
    fused.push(...(merged ?? [later]));
  }
  return fused;
}
