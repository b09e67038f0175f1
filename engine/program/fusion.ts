// Fewer dispatches for a recorded step, and less memory that they move: one that can do the work of an earlier one,
// which made one of its inputs, takes its place too, if nothing in between would see the difference. What can be
// merged, operators say where they dispatch.
import type { Storage } from "../core/tensor.js";
import type { Dispatch } from "../device/recorder.js";

const writes = ({ source, storages }: Dispatch, { root }: Storage) =>
  source.bindings.some(({ access }, i) => access === "write" && storages[i].root === root);

const binds = ({ storages }: Dispatch, { root }: Storage) => storages.some((storage) => storage.root === root);

/** Whether a dispatch can be done after another one: neither touches what the other writes. */
const canWait = (dispatch: Dispatch, other: Dispatch) =>
  dispatch.storages.every((storage) => !(writes(dispatch, storage) ? binds : writes)(other, storage));

/** The dispatches with those merged that can be; the content of `kept` is read after them. */
export function fuse(dispatches: readonly Dispatch[], kept: ReadonlySet<Storage>): Dispatch[] {
  const fused: Dispatch[] = [];
  const read = [...kept].map(({ root }) => root);
  for (const [i, later] of dispatches.entries()) {
    const { absorbs, source, storages } = later;
    const made = absorbs && storages[source.bindings.findIndex(({ name }) => name === absorbs.input)];
    const at = made ? fused.findLastIndex((dispatch) => binds(dispatch, made)) : -1;
    const earlier = fused[at];
    let merged: readonly Dispatch[] | null = null;
    if (absorbs && made && earlier?.storages.includes(made) && writes(earlier, made)) {
      const stored = !made.virtual || read.includes(made.root) || dispatches.slice(i + 1).some((d) => binds(d, made));
      if (fused.slice(at + 1).every((other) => canWait(earlier, other))) merged = absorbs.merge(earlier, later, stored);
    }
    if (merged) fused.splice(at, 1);
    fused.push(...(merged ?? [later]));
  }
  return fused;
}
