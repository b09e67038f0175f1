// Writes pickles and .pth containers by hand, well-formed or not, for the tests of the reader. Every function gives the
// bytes of one pickled value, so that they nest as the values do. It shares no code with the engine's own writer.
import { zipSync } from "fflate";

export type Pickled = number[];

const latin = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));
const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);

export const none: Pickled = latin("N");
export const no: Pickled = [0x89];
export const yes: Pickled = [0x88];
export const emptyDict: Pickled = latin("}");
export const int = (value: number): Pickled => [...latin("J"), ...u32(value)];
export const float: Pickled = [...latin("G"), 0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18];
export const text = (value: string): Pickled => [...latin("X"), ...u32(value.length), ...latin(value)];
export const tuple = (...items: Pickled[]): Pickled => [...latin("("), ...items.flat(), ...latin("t")];
export const list = (...items: Pickled[]): Pickled => [...latin("]("), ...items.flat(), ...latin("e")];
export const dict = (...items: [Pickled, Pickled][]): Pickled => [...latin("}("), ...items.flat(2), ...latin("u")];
export const global = (module: string, name: string): Pickled => latin(`c${module}\n${name}\n`);
export const call = (callee: Pickled, ...args: Pickled[]): Pickled => [...callee, ...tuple(...args), ...latin("R")];
export const orderedDict = (...items: [Pickled, Pickled][]): Pickled => [
  ...call(global("collections", "OrderedDict")),
  ...latin("("),
  ...items.flat(2),
  ...latin("u"),
];
/** BUILD: the attributes of an object. */
export const withState = (object: Pickled, state: Pickled): Pickled => [...object, ...state, ...latin("b")];
export const put = (value: Pickled, index: number): Pickled => [...value, ...latin("q"), index];
export const get = (index: number): Pickled => [...latin("h"), index];

export const storage = (type: string, key: string, count: number, location = "cpu"): Pickled => [
  ...tuple(text("storage"), global("torch", type), text(key), text(location), int(count), none),
  ...latin("Q"),
];
export const tensor = (from: Pickled, offset: number, size: number[], stride: number[]): Pickled =>
  call(
    global("torch._utils", "_rebuild_tensor_v2"),
    from,
    int(offset),
    tuple(...size.map(int)),
    tuple(...stride.map(int)),
    no,
    orderedDict(),
  );

/** A whole pickle of protocol 2. */
export const pickle = (value: Pickled): Uint8Array => Uint8Array.from([0x80, 2, ...value, ...latin(".")]);

/** An attack that Python would run on loading: os.system("...") in the text opcodes of protocol 0. */
export const attack = (command: string): Uint8Array => Uint8Array.from(latin(`cos\nsystem\n(S'${command}'\ntR.`));

export const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function concatenate(parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** LONG1 of 10 bytes: the number by which torch.load knows the container before PyTorch 1.6. */
export const legacyMagic: Pickled = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** The container of torch.save before PyTorch 1.6. `storages`: key, number of elements, raw data, in file order. */
export function legacyFile(
  root: Uint8Array,
  storages: [string, number, Uint8Array][],
  { littleEndian = true, protocol = 1001 } = {},
): Uint8Array {
  const system = dict([text("protocol_version"), int(protocol)], [text("little_endian"), littleEndian ? yes : no]);
  const parts = [pickle(legacyMagic), pickle(int(protocol)), pickle(system), root];
  parts.push(pickle(list(...storages.map(([key]) => text(key)))));
  for (const [, count, data] of storages) parts.push(bytesOf(BigInt64Array.of(BigInt(count))), data);
  return concatenate(parts);
}

/** The container of torch.save since PyTorch 1.6. `files` are names below the root folder. */
export function zipFile(root: Uint8Array, files: Record<string, Uint8Array>, level: 0 | 9 = 0): Uint8Array {
  const entries = Object.entries({ "data.pkl": root, ...files, version: Uint8Array.from(latin("3\n")) });
  return zipSync(Object.fromEntries(entries.map(([name, data]) => [`some_name/${name}`, data])), { level });
}
