// Tuning tables in IndexedDB, here a stand-in that keeps one object store in memory and answers as late as the real
// one.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError } from "../../../engine/lib/errors.js";
import { loadTuning, storeTuning } from "../../../engine/tuning/browser-store.js";
import type { TuningTable } from "../../../engine/tuning/table.js";
import { rejectionOf } from "../../support/gpu.js";

const test = suite("browser store");

const values = new Map<string, unknown>();
let open = 0;

/** A request that succeeds with a value in a later task, after what `before` does then. */
function request<T>(result: T, before: (made: Record<string, unknown>) => void = () => {}): unknown {
  const made: Record<string, unknown> = { result };
  setTimeout(() => {
    before(made);
    (made["onsuccess"] as () => void)();
  });
  return made;
}

const store = {
  get: (key: string) => request(structuredClone(values.get(key))),
  put: (value: unknown, key: string) => request(key, () => values.set(key, structuredClone(value))),
};
const database = {
  createObjectStore: () => store,
  transaction: () => ({ objectStore: () => store }),
  close: () => {
    open--;
  },
};
const standIn = {
  open: () => {
    open++;
    return request(database, (made) => (made["onupgradeneeded"] as () => void)());
  },
};

test.before(() => {
  Object.defineProperty(globalThis, "indexedDB", { value: standIn, configurable: true });
});
test.after(() => {
  Reflect.deleteProperty(globalThis, "indexedDB");
});

const table: TuningTable = { version: 1, adapter: "A", profile: "gpu", choices: { "conv2d 1x1x3x3": "winograd" } };

test("a stored table is found by adapter and profile, and nothing else is", async () => {
  await storeTuning(table);
  assert.equal(await loadTuning("A", "gpu"), table);
  assert.is(await loadTuning("A", "software"), null);
  assert.is(await loadTuning("B", "gpu"), null);
});

test("a table takes the place of the one before", async () => {
  const next: TuningTable = { ...table, choices: {} };
  await storeTuning(next);
  assert.equal(await loadTuning("A", "gpu"), next);
});

test("what is stored there and is no table is refused", async () => {
  values.set("A gpu", { ...table, version: 2 });
  const error = await rejectionOf(loadTuning("A", "gpu"));
  assert.instance(error, FormatError);
  assert.match((error as Error).message, /^the stored tuning table has version 2/);
});

test("the database is closed after each use, also where something failed", () => {
  assert.is(open, 0);
});

test.run();
