// Reads and writes .pth files, the containers of torch.save (torch/serialization.py defines them): a zip since PyTorch
// 1.6, and before that consecutive pickles followed by the raw storages. Only weights are read; anything else in a
// checkpoint (numbers, strings, Python objects) is ignored, and nothing in it is run.
// Not read: pickled modules, TorchScript archives, compressed zips, big-endian data, complex or quantised tensors.
import { type Zippable, zipSync } from "fflate";
import { FormatError } from "../lib/errors.js";
import { COPY_AGAIN, checkBytes, notWeights } from "./foreign.js";
import { readPickle } from "./pickle.js";
import { pickleStateDict } from "./pickle-writer.js";
import { bytesOfTensor, type StateDict } from "./state-dict.js";
import { stateDictOf, torchPickleContext } from "./torch-pickle.js";
import { unzip } from "./zip.js";

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
const LITTLE_ENDIAN = "Load it in PyTorch and save it again on a little-endian machine.";

/**
 * Reads the tensors of a .pth of either container; see `stateDictOf` for how nested dictionaries are named. Prefixes
 * such as `module.` are kept. `where` names the file in errors: every malformed or suspicious input is a FormatError.
 *
 * @example
 * ```ts
 * const bias = { dtype: "F32" as const, shape: [3], data: Float32Array.of(1, 2, 3) };
 * const file = serializePth({ tensors: new Map([["bias", bias]]), metadata: {} });
 * console.log(parsePth(file).tensors.get("bias")?.data); // 1, 2, 3
 * ```
 */
export function parsePth(bytes: Uint8Array, where = "the .pth file"): StateDict {
  checkBytes(where, bytes);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return parseZip(bytes, where);
  if (bytes[0] === 0x80) return parseLegacy(bytes, where);
  throw notWeights(bytes, where);
}

/**
 * The bytes that all tensors may take: more than the file, since they may share storages or be expanded, but bounded.
 */
function expansionLimit(bytes: Uint8Array): number {
  return Math.max(16 * bytes.length, 1 << 26);
}

function parseZip(bytes: Uint8Array, where: string): StateDict {
  const directory = new Map<string, number>();
  const wanted = /^[^/]*\/(data\.pkl|byteorder)$/;
  const small = unzipStored(bytes, where, (name, size) => {
    directory.set(name, size);
    return wanted.test(name);
  });
  const pickleName = Object.keys(small).find((name) => name.endsWith("/data.pkl"));
  if (!pickleName) {
    throw new FormatError(
      `${where} is a zip without data.pkl, not a file of torch.save.`,
      "If it was packed for a download, unpack it and give the file inside.",
    );
  }
  const root = pickleName.slice(0, -"data.pkl".length);
  if (directory.has(`${root}constants.pkl`)) {
    throw new FormatError(
      `${where} is a TorchScript archive, a whole program.`,
      "Save its weights with torch.save(torch.jit.load(path).state_dict(), new_path).",
    );
  }
  const order = small[`${root}byteorder`];
  if (order && new TextDecoder().decode(order).trim() !== "little") {
    throw new FormatError(`${where} holds big-endian data.`, LITTLE_ENDIAN);
  }
  const context = torchPickleContext(where);
  const { value } = readPickle(small[pickleName], 0, context);
  const keys = new Map<string, string>();
  for (const { key, byteLength } of context.storages.values()) {
    const name = `${root}data/${key}`;
    const size = directory.get(name);
    if (size !== byteLength) {
      throw new FormatError(
        `${where} should hold ${byteLength} bytes as "${name}" but holds ${size ?? "none"}.`,
        COPY_AGAIN,
      );
    }
    keys.set(name, key);
  }
  const files = unzipStored(bytes, where, (name) => keys.has(name));
  const data = new Map(Object.entries(files).map(([name, file]) => [keys.get(name) ?? name, file]));
  return stateDictOf(value, data, expansionLimit(bytes), where);
}

/** Extracts the entries that `take` selects. Compressed ones are refused, against zip bombs: torch.save stores only. */
function unzipStored(bytes: Uint8Array, where: string, take: (name: string, size: number) => boolean) {
  return unzip(bytes, where, ({ name, size, originalSize, compression }) => {
    if (!take(name, originalSize)) return false;
    if (compression === 0 && size === originalSize) return true;
    throw new FormatError(`${where} holds "${name}" compressed, which torch.save never does.`, COPY_AGAIN);
  });
}

function parseLegacy(bytes: Uint8Array, where: string): StateDict {
  const context = torchPickleContext(where);
  let position = 0;
  const next = () => {
    const { value, end } = readPickle(bytes, position, context);
    position = end;
    return value;
  };
  if (next() !== LEGACY_MAGIC) {
    throw new FormatError(`${where} is a pickle, but not one of torch.save.`, "Save the weights with torch.save.");
  }
  if (next() !== LEGACY_PROTOCOL) {
    throw new FormatError(`${where} is of a version of torch.save other than ${LEGACY_PROTOCOL}.`);
  }
  const system = next();
  if (system instanceof Map && system.get("little_endian") === false) {
    throw new FormatError(`${where} holds big-endian data.`, LITTLE_ENDIAN);
  }
  const root = next();
  const keys = next();
  if (!Array.isArray(keys)) throw new FormatError(`${where} does not list its storages.`, COPY_AGAIN);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Map<string, Uint8Array>();
  for (const key of keys as unknown[]) {
    const storage = typeof key === "string" ? context.storages.get(key) : undefined;
    if (!storage) throw new FormatError(`${where} lists a storage that no tensor uses.`, COPY_AGAIN);
    const start = position + 8;
    const end = start + storage.byteLength;
    if (end > bytes.length) {
      throw new FormatError(`${where} is truncated: ${bytes.length} of at least ${end} bytes.`, COPY_AGAIN);
    }
    const count = view.getBigInt64(position, true);
    if (count !== BigInt(storage.count)) {
      throw new FormatError(
        `${where} gives the storage "${storage.key}" ${count} elements here and ${storage.count} there.`,
        COPY_AGAIN,
      );
    }
    data.set(storage.key, bytes.subarray(start, end));
    position = end;
  }
  return stateDictOf(root, data, expansionLimit(bytes), where);
}

const ALIGNMENT = 64;
const ZIP_HEADER_BYTES = 30;
const EXTRA_HEADER_BYTES = 4;
/** "FB", PyTorch's tag for its padding. */
const PADDING_TAG = 0x4246;

/**
 * Writes a state dict as torch.save does (the zip container, protocol 2, an OrderedDict of contiguous CPU tensors), so
 * that torch.load(path, weights_only=True) accepts it. The container has no place for `metadata`, which is left out.
 * Throws a FormatError for U16, U32 and U64 tensors, and for 4 GiB or more, which the container cannot hold.
 *
 * @example
 * ```ts
 * const bias = { dtype: "F32" as const, shape: [3], data: Float32Array.of(1, 2, 3) };
 * const file = serializePth({ tensors: new Map([["bias", bias]]), metadata: {} });
 * console.log(String.fromCharCode(...file.subarray(0, 2))); // PK: it is a zip
 * ```
 */
export function serializePth(stateDict: StateDict): Uint8Array {
  const text = new TextEncoder();
  const entries: [string, Uint8Array][] = [
    ["archive/data.pkl", pickleStateDict(stateDict)],
    ["archive/byteorder", text.encode("little")],
  ];
  for (const [name, tensor] of stateDict.tensors) {
    entries.push([`archive/data/${entries.length - 2}`, bytesOfTensor(name, tensor)]);
  }
  entries.push(["archive/version", text.encode("3\n")]);

  const files: Zippable = {};
  const mtime = new Date(1980, 0, 1);
  let offset = 0;
  for (const [name, data] of entries) {
    const start = offset + ZIP_HEADER_BYTES + name.length + EXTRA_HEADER_BYTES;
    const padding = new Uint8Array((ALIGNMENT - (start % ALIGNMENT)) % ALIGNMENT).fill(0x5a);
    files[name] = [data, { level: 0, mtime, extra: { [PADDING_TAG]: padding } }];
    offset = start + padding.length + data.length;
  }
  if (offset >= 0xffffffff - entries.length * 256) {
    throw new FormatError("A .pth file of 4 GiB or more cannot be written.", "Write a .safetensors file.");
  }
  return zipSync(files);
}
