// Stores tuning tables in the browser (IndexedDB), one for each adapter and profile. Works in pages and in workers.
import type { Profile } from "../device/adapter.js";
import { loadSoftwareKernels } from "../device/software-kernels.js";
import { checkTuning, type TuningTable } from "./table.js";

const DATABASE = "cutgpu";
const STORE = "tuning";
const keyFor = (adapter: string, profile: Profile) => `${adapter} ${profile}`;

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function withStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    return await settled(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/**
 * The table stored for an adapter (adapterName) and profile, or null. Throws IndexedDB's errors, and a FormatError for
 * an invalid table.
 *
 * @example
 * ```ts
 * if (globalThis.indexedDB) {
 *   const table = await loadTuning(adapterName(gpu), gpu.profile);
 *   if (table) applyTuning(gpu, table);
 * }
 * ```
 */
export async function loadTuning(adapter: string, profile: Profile): Promise<TuningTable | null> {
  const value: unknown = await withStore("readonly", (store) => store.get(keyFor(adapter, profile)));
  if (value === undefined) return null;
  await loadSoftwareKernels();
  return checkTuning(value, "the stored tuning table");
}

/**
 * Stores a table, replacing an earlier one for the same adapter and profile.
 *
 * @example
 * ```ts
 * const table = { version: 1 as const, adapter: adapterName(gpu), profile: gpu.profile, choices: {} };
 * if (globalThis.indexedDB) await storeTuning(table);
 * ```
 */
export async function storeTuning(table: TuningTable): Promise<void> {
  await withStore("readwrite", (store) => store.put(table, keyFor(table.adapter, table.profile)));
}
