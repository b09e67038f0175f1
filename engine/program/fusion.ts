// Kernel fusion in a recorded step, for fewer dispatches and less memory traffic: a dispatch is fused with the one that
// produced one of its inputs, unless a dispatch in between depends on either. Operators state their fusion rules where
// they dispatch.

import { accessesOf } from "../device/kernel.js";
import type { Dispatch } from "../device/recorder.js";
import type { Storage } from "../device/storage.js";

const writes = ({ source, storages }: Dispatch, { root }: Storage) =>
  accessesOf(source).some((access, i) => access === "write" && storages[i].root === root);

const binds = ({ storages }: Dispatch, { root }: Storage) => storages.some((storage) => storage.root === root);

/** Whether a dispatch may be moved after another one: neither binds what the other writes. */
const canMoveAfter = (dispatch: Dispatch, other: Dispatch) =>
  dispatch.storages.every((storage) => !(writes(dispatch, storage) ? binds : writes)(other, storage));

/** The dispatches after fusion; the content of `kept` is read after them. */
export function fuse(dispatches: readonly Dispatch[], kept: ReadonlySet<Storage>): Dispatch[] {
  const fused: Dispatch[] = [];
  const read = [...kept].map(({ root }) => root);
  for (const [i, later] of dispatches.entries()) {
    const { fusion, source, storages } = later;
    const made = fusion && storages[Object.keys(source.bindings).indexOf(fusion.input)];
    const at = made ? fused.findLastIndex((dispatch) => binds(dispatch, made)) : -1;
    const earlier = fused[at];
    let merged: readonly Dispatch[] | null = null;
    if (fusion && made && earlier?.storages.includes(made) && writes(earlier, made)) {
      const stored = !made.virtual || read.includes(made.root) || dispatches.slice(i + 1).some((d) => binds(d, made));
      if (fused.slice(at + 1).every((other) => canMoveAfter(earlier, other)))
        merged = fusion.merge(earlier, later, stored);
    }
    if (merged) fused.splice(at, 1);
    fused.push(...(merged ?? [later]));
  }
  return fused;
}
