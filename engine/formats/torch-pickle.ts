// Interprets the pickles of torch.save: the few names that a state dict needs, storages (flat typed memory outside of
// the pickle), tensors as strided views of them, and the conversion of a pickled object to a flat StateDict. Tensors
// are made contiguous, each in memory of its own, so weights that are tied in the file become copies.
import { FormatError } from "../lib/errors.js";
import { COPY_AGAIN } from "./foreign.js";
import { type PickleContext, PickleGlobal, PickleObject } from "./pickle.js";
import {
  elementCount,
  elementSize,
  type StateDict,
  type StoredDtype,
  type StoredTensor,
  tensorFromBytes,
} from "./state-dict.js";

export const ORDERED_DICT = "collections.OrderedDict";
export const REBUILD_TENSOR = "torch._utils._rebuild_tensor_v2";
/** The same without its last two arguments, written by PyTorch up to 0.3. */
const REBUILD_TENSOR_V1 = "torch._utils._rebuild_tensor";

/** Storage classes by dtype. The unsigned integers beyond 8 bits have none. */
export const STORAGE_CLASSES: Readonly<Partial<Record<StoredDtype, string>>> = {
  F64: "torch.DoubleStorage",
  F32: "torch.FloatStorage",
  F16: "torch.HalfStorage",
  BF16: "torch.BFloat16Storage",
  I64: "torch.LongStorage",
  I32: "torch.IntStorage",
  I16: "torch.ShortStorage",
  I8: "torch.CharStorage",
  U8: "torch.ByteStorage",
  BOOL: "torch.BoolStorage",
};
const STORAGE_DTYPES = /* @__PURE__ */ storageDtypes();

function storageDtypes(): Map<string, StoredDtype> {
  return new Map(Object.entries(STORAGE_CLASSES).map(([dtype, path]) => [path, dtype as StoredDtype]));
}

/** Limits far above any real checkpoint, against dictionaries that contain themselves, or each other many times. */
const MAX_DEPTH = 32;
const MAX_ITEMS = 200_000;
const MAX_KEY_LENGTH = 1000;
const PLAIN = "Save it again with torch.save(model.state_dict(), path).";

/** The flat memory that tensors are views of: `count` elements stored in the file under `key`. */
export class TorchStorage {
  constructor(
    readonly dtype: StoredDtype,
    readonly key: string,
    readonly count: number,
  ) {}

  get byteLength(): number {
    return this.count * elementSize(this.dtype);
  }
}

class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: number[],
    readonly strides: number[],
  ) {}
}

/** The context for one file's pickles; `storages` collects every storage that they refer to. */
export interface TorchPickleContext extends PickleContext {
  storages: Map<string, TorchStorage>;
}

export function torchPickleContext(where: string): TorchPickleContext {
  const storages = new Map<string, TorchStorage>();
  const globals = new Map<string, PickleGlobal>();
  const allow = (path: string, call?: (args: readonly unknown[]) => unknown) =>
    globals.set(path, new PickleGlobal(path, call));
  for (const path of STORAGE_DTYPES.keys()) allow(path);
  allow(ORDERED_DICT, (args) => orderedDict(args, where));
  allow("collections.defaultdict", () => new Map());
  for (const path of [REBUILD_TENSOR, REBUILD_TENSOR_V1]) allow(path, (args) => rebuildTensor(args, where));
  for (const path of ["_rebuild_parameter", "_rebuild_parameter_with_state"]) {
    allow(`torch._utils.${path}`, ([tensor]) => tensor);
  }
  allow("torch.Size", ([sizes]) => sizes);
  allow("torch.device", () => null);
  const persistentLoad = (id: unknown) => {
    const storage = storageOf(id, where);
    const known = storages.get(storage.key);
    if (known && (known.dtype !== storage.dtype || known.count !== storage.count)) {
      throw new FormatError(`${where} describes the storage "${storage.key}" in two ways.`, COPY_AGAIN);
    }
    storages.set(storage.key, known ?? storage);
    return known ?? storage;
  };
  return { where, globals, persistentLoad, storages };
}

/**
 * Collects the tensors of a pickled object. A nested dictionary prefixes the names of its tensors with its key and a
 * dot, unless it contains all tensors ({"state_dict": {...}, "epoch": 3} gives the inner names). Other values are
 * ignored. `data` are the storages' bytes by key, whose lengths have been checked; `limit` bounds the bytes that all
 * tensors may take.
 */
export function stateDictOf(
  root: unknown,
  data: ReadonlyMap<string, Uint8Array>,
  limit: number,
  where: string,
): StateDict {
  if (!(root instanceof Map)) {
    const what = root instanceof PickleObject ? `a Python object, ${root.path}` : "something else";
    const held = root instanceof TorchTensor ? "a single tensor" : what;
    throw new FormatError(`${where} should hold a dictionary of tensors but holds ${held}.`, PLAIN);
  }
  const found = collectTensors(root, where);
  if (found.length === 0 && root.size > 0) throw new FormatError(`${where} holds no tensors.`, PLAIN);
  while (found.length > 0 && found.every(({ path }) => path.length > 1 && path[0] === found[0].path[0])) {
    for (const { path } of found) path.shift();
  }
  const tensors = new Map<string, StoredTensor>();
  let left = limit;
  for (const { path, tensor } of found) {
    const name = path.join(".");
    if (tensors.has(name)) throw new FormatError(`${where} holds two tensors named "${name}".`, PLAIN);
    const { dtype, key } = tensor.storage;
    const bytes = data.get(key);
    if (!bytes) throw new FormatError(`${where} lacks the storage "${key}" of the tensor "${name}".`, COPY_AGAIN);
    left -= elementCount(tensor.shape) * elementSize(dtype);
    if (!(left >= 0)) {
      throw new FormatError(`${where} holds tensors far larger than itself, at "${name}" of shape [${tensor.shape}].`);
    }
    tensors.set(name, tensorFromBytes(dtype, tensor.shape, contiguousBytes(name, tensor, bytes, where)));
  }
  return { tensors, metadata: {} };
}

/** Row-major strides in elements, as PyTorch counts them (a size of 0 counts as 1). */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= Math.max(shape[axis], 1);
  }
  return strides;
}

/** OrderedDict(), or OrderedDict(pairs), which Python 2 wrote. */
function orderedDict([pairs]: readonly unknown[], where: string): Map<unknown, unknown> {
  const dictionary = new Map<unknown, unknown>();
  if (pairs === undefined) return dictionary;
  for (const pair of Array.isArray(pairs) ? pairs : [pairs]) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new FormatError(`${where} holds an OrderedDict made from something that is not pairs.`, COPY_AGAIN);
    }
    dictionary.set(pair[0], pair[1]);
  }
  return dictionary;
}

/** _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks). */
function rebuildTensor([storage, offset, shape, strides]: readonly unknown[], where: string): TorchTensor {
  if (
    !(storage instanceof TorchStorage && isSize(offset) && isSizes(shape) && isSizes(strides)) ||
    shape.length !== strides.length
  ) {
    throw new FormatError(
      `${where} describes a tensor that cannot be: its storage, sizes or strides are wrong.`,
      COPY_AGAIN,
    );
  }
  return new TorchTensor(storage, offset, shape, strides);
}

/** ("storage", class, key, device, count[, view]). The device is ignored; views ended with PyTorch 0.4. */
function storageOf(id: unknown, where: string): TorchStorage {
  if (Array.isArray(id)) {
    const [kind, type, key, , count, view] = id as unknown[];
    const dtype = type instanceof PickleGlobal ? STORAGE_DTYPES.get(type.path) : undefined;
    if (kind === "storage" && dtype && typeof key === "string" && isSize(count) && (view ?? null) === null) {
      return new TorchStorage(dtype, key, count);
    }
  }
  throw new FormatError(`${where} refers to data in a way that PyTorch 1.0 and later do not.`, PLAIN);
}

interface Found {
  path: string[];
  tensor: TorchTensor;
}

function collectTensors(root: Map<unknown, unknown>, where: string): Found[] {
  const found: Found[] = [];
  let items = 0;
  const visit = (dictionary: Map<unknown, unknown>, path: string[]) => {
    for (const [key, value] of dictionary) {
      if (++items > MAX_ITEMS || path.length > MAX_DEPTH) {
        throw new FormatError(`${where} nests dictionaries without end.`, PLAIN);
      }
      const isTensor = value instanceof TorchTensor;
      if (!isTensor && !(value instanceof Map)) continue;
      if ((typeof key !== "string" && typeof key !== "number") || String(key).length > MAX_KEY_LENGTH) {
        throw new FormatError(`${where} has a dictionary key that is neither a short string nor a number.`, PLAIN);
      }
      if (isTensor) found.push({ path: [...path, String(key)], tensor: value });
      else visit(value, [...path, String(key)]);
    }
  };
  visit(root, []);
  return found;
}

/** The elements of a strided view in row-major order. */
function contiguousBytes(name: string, tensor: TorchTensor, bytes: Uint8Array, where: string): Uint8Array {
  const { offset, shape, strides, storage } = tensor;
  const size = elementSize(storage.dtype);
  const count = elementCount(shape);
  if (count === 0) return new Uint8Array(0);
  const last = shape.reduce((at, length, axis) => at + (length - 1) * strides[axis], offset);
  if (last >= storage.count) {
    throw new FormatError(
      `${where} holds the tensor "${name}" with element ${last} of a storage of ${storage.count}.`,
      COPY_AGAIN,
    );
  }
  const dense = contiguousStrides(shape);
  if (shape.every((length, axis) => length === 1 || strides[axis] === dense[axis])) {
    return bytes.subarray(offset * size, (offset + count) * size);
  }
  const out = new Uint8Array(count * size);
  const index = new Array<number>(shape.length).fill(0);
  let source = offset;
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < size; byte++) out[i * size + byte] = bytes[source * size + byte];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis];
      if (++index[axis] < shape[axis]) break;
      source -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}
