// Reads and writes safetensors (https://huggingface.co/docs/safetensors): a little-endian u64 header length, a JSON
// header padded with spaces, then raw data. The tensors must cover the data exactly, without gaps or overlaps, which
// could hide bytes or alias tensors. Not supported: 8-bit floats.
import { FormatError } from "../lib/errors.js";
import { COPY_AGAIN, checkBytes, notWeights } from "./foreign.js";
import {
  bytesOfTensor,
  elementCount,
  elementSize,
  isStoredDtype,
  type StateDict,
  type StoredDtype,
  type StoredTensor,
  tensorFromBytes,
} from "./state-dict.js";

/** The reference implementation's limit; a larger number means that the file is of another kind. */
const MAX_HEADER_BYTES = 100_000_000;
/** The first byte of a header. */
const BRACE = 0x7b;
const METADATA = "__metadata__";

interface Entry {
  name: string;
  dtype: StoredDtype;
  shape: number[];
  begin: number;
  end: number;
}

/**
 * Reads a safetensors file. Tensors are returned in the order of their data, each in memory of its own. `where` names
 * the file in errors. Throws a FormatError for any malformed input.
 *
 * @example
 * ```ts
 * import { openGpu, parseSafetensors, serializeSafetensors, toFloat32 } from "cutgpu";
 *
 * const data = Float32Array.of(1, 2, 3);
 * const tensors = new Map([["bias", { dtype: "F32" as const, shape: [3], data }]]);
 * const bytes = serializeSafetensors({ tensors, metadata: {} });
 *
 * const gpu = await openGpu();
 * const stored = parseSafetensors(bytes, "bias.safetensors").tensors.get("bias");
 * if (stored) console.log(await gpu.tensor(toFloat32(stored), stored.shape).read()); // 1,2,3
 * gpu.dispose();
 * ```
 */
export function parseSafetensors(bytes: Uint8Array, where = "the safetensors file"): StateDict {
  checkBytes(where, bytes);
  const { header, dataStart } = readHeader(bytes, where);
  let metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) metadata = readMetadata(value, where);
    else entries.push(readEntry(name, value, where));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, bytes.length, dataStart, where);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, tensorFromBytes(dtype, shape, bytes.subarray(dataStart + begin, dataStart + end)));
  }
  return { tensors, metadata };
}

/**
 * Writes a safetensors file: tensors in insertion order, data from an offset that is a multiple of 8 on, metadata if
 * there are any. Throws a ShapeError if a tensor's data do not fit its dtype and shape.
 *
 * @example
 * ```ts
 * const bias = { dtype: "F32" as const, shape: [3], data: Float32Array.of(1, 2, 3) };
 * const file = serializeSafetensors({ tensors: new Map([["bias", bias]]), metadata: { format: "pt" } });
 * console.log(parseSafetensors(file).metadata["format"]); // pt
 * ```
 */
export function serializeSafetensors({ tensors, metadata }: StateDict): Uint8Array {
  // The header is assembled as text, since an object would move keys such as "0" to the front.
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"${METADATA}":${JSON.stringify(metadata)}`);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of tensors) {
    if (name === METADATA) throw new FormatError(`A safetensors file cannot hold a tensor named "${METADATA}".`);
    const data = bytesOfTensor(name, tensor);
    const { dtype, shape } = tensor;
    const entry = { dtype, shape, data_offsets: [offset, offset + data.length] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    parts.push(data);
    offset += data.length;
  }
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerLength = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + headerLength + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerLength), true);
  out.fill(0x20, 8, 8 + headerLength);
  out.set(json, 8);
  let at = 8 + headerLength;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function readHeader(bytes: Uint8Array, where: string): { header: object; dataStart: number } {
  if (bytes.length === 0) throw notWeights(bytes, where);
  if (bytes.length < 8) {
    throw new FormatError(
      `${where} is truncated: ${bytes.length} bytes, and the header length alone takes 8.`,
      COPY_AGAIN,
    );
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || (bytes.length > 8 && bytes[8] !== BRACE)) throw notWeights(bytes, where);
  const dataStart = 8 + length;
  if (dataStart > bytes.length) {
    throw new FormatError(
      `${where} is truncated: ${bytes.length} bytes, and its header alone ends at ${dataStart}.`,
      COPY_AGAIN,
    );
  }
  let header: object;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, dataStart)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(`${where} has a safetensors header that is not JSON: ${reason}.`, COPY_AGAIN);
  }
  return { header, dataStart };
}

function readMetadata(value: unknown, where: string): Record<string, string> {
  if (!isRecord(value)) throw new FormatError(`${where} has a ${METADATA} that is not a JSON object.`);
  const pairs = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== "string") throw new FormatError(`${where} has a ${METADATA} whose "${key}" is not a string.`);
    return [key, text];
  });
  return Object.fromEntries(pairs);
}

function readEntry(name: string, value: unknown, where: string): Entry {
  if (!isRecord(value)) throw new FormatError(`${where} describes the tensor "${name}" by something not an object.`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isStoredDtype(dtype)) {
    throw new FormatError(`${where} holds the tensor "${name}" with the unknown dtype ${JSON.stringify(dtype)}.`);
  }
  if (!isSizes(shape)) {
    throw new FormatError(`${where} gives the tensor "${name}" the impossible shape ${JSON.stringify(shape)}.`);
  }
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new FormatError(`${where} gives the tensor "${name}" the impossible offsets ${JSON.stringify(offsets)}.`);
  }
  const [begin, end] = offsets;
  const size = elementCount(shape) * elementSize(dtype);
  if (end - begin !== size) {
    throw new FormatError(
      `${where} gives the tensor "${name}" ${end - begin} bytes, but ${dtype} of shape [${shape}] takes ${size}.`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function checkCoverage(entries: Entry[], fileLength: number, dataStart: number, where: string): void {
  const dataLength = entries.reduce((end, entry) => Math.max(end, entry.end), 0);
  const expected = dataStart + dataLength;
  if (fileLength < expected) {
    throw new FormatError(`${where} is truncated: ${fileLength} of ${expected} bytes.`, COPY_AGAIN);
  }
  if (fileLength > expected) {
    throw new FormatError(
      `${where} has ${fileLength - expected} bytes that belong to no tensor at its end.`,
      COPY_AGAIN,
    );
  }
  let previous: Entry | undefined;
  for (const entry of entries) {
    const covered = previous?.end ?? 0;
    if (entry.begin < covered) {
      throw new FormatError(`${where} has overlapping data for the tensors "${previous?.name}" and "${entry.name}".`);
    }
    if (entry.begin > covered) {
      throw new FormatError(
        `${where} has ${entry.begin - covered} bytes that belong to no tensor before "${entry.name}".`,
      );
    }
    previous = entry;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
