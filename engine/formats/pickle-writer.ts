// Writes the pickle of a state dict: protocol 2, an OrderedDict of _rebuild_tensor_v2 calls, with opcodes that
// torch.save itself uses and torch.load(weights_only=True) accepts. Storages are numbered in the order of the tensors.
import { FormatError } from "../lib/errors.js";
import { elementCount, type StateDict, type StoredTensor } from "./state-dict.js";
import { contiguousStrides, ORDERED_DICT, REBUILD_TENSOR, STORAGE_CLASSES } from "./torch-pickle.js";

const EMPTY_TUPLE = 0x29;
const MARK = 0x28;
const NEWFALSE = 0x89;
const REDUCE = 0x52;
const SETITEMS = 0x75;
const TUPLE = 0x74;
const BINPERSID = 0x51;
const STOP = 0x2e;

/** The pickled OrderedDict of a state dict; storage `i` belongs to the i-th tensor. */
export function pickleStateDict({ tensors }: StateDict): Uint8Array {
  const writer = new PickleWriter();
  writer.emptyOrderedDict();
  writer.op(MARK);
  let key = 0;
  for (const [name, tensor] of tensors) {
    writer.text(name);
    writer.tensor(name, String(key++), tensor);
  }
  writer.op(SETITEMS, STOP);
  return writer.finish();
}

class PickleWriter {
  private readonly out: number[] = [0x80, 2]; // PROTO 2
  private readonly memo = new Map<string, number>();

  finish(): Uint8Array {
    return Uint8Array.from(this.out);
  }

  op(...opcodes: number[]): void {
    this.out.push(...opcodes);
  }

  /** BINUNICODE. */
  text(value: string): void {
    const utf8 = new TextEncoder().encode(value);
    this.op(0x58);
    this.littleEndian(utf8.length, 4);
    for (const byte of utf8) this.op(byte);
  }

  emptyOrderedDict(): void {
    this.global(ORDERED_DICT);
    this.op(EMPTY_TUPLE, REDUCE);
  }

  tensor(name: string, key: string, { dtype, shape }: StoredTensor): void {
    const storageClass = STORAGE_CLASSES[dtype];
    if (!storageClass) {
      throw new FormatError(
        `A .pth file cannot hold the tensor "${name}", which is ${dtype}.`,
        "Write a .safetensors file, or convert the tensor to I64.",
      );
    }
    this.global(REBUILD_TENSOR);
    this.op(MARK);
    this.op(MARK);
    this.memoized("storage");
    this.global(storageClass);
    this.text(key);
    this.memoized("cpu");
    this.integer(elementCount(shape));
    this.op(TUPLE, BINPERSID);
    this.integer(0);
    this.integers(shape);
    this.integers(contiguousStrides(shape));
    this.op(NEWFALSE);
    this.emptyOrderedDict();
    this.op(TUPLE, REDUCE);
  }

  /** GLOBAL the first time, BINGET later. */
  private global(path: string): void {
    const dot = path.lastIndexOf(".");
    this.once(path, () => {
      this.op(0x63);
      for (const byte of new TextEncoder().encode(`${path.slice(0, dot)}\n${path.slice(dot + 1)}\n`)) this.op(byte);
    });
  }

  private memoized(value: string): void {
    this.once(value, () => this.text(value));
  }

  /** Writes a value and BINPUT the first time, BINGET later. There are far fewer than 256 such values. */
  private once(value: string, write: () => void): void {
    const index = this.memo.get(value);
    if (index === undefined) {
      write();
      this.op(0x71, this.memo.size);
      this.memo.set(value, this.memo.size);
    } else {
      this.op(0x68, index);
    }
  }

  private integers(values: readonly number[]): void {
    this.op(MARK);
    for (const value of values) this.integer(value);
    this.op(TUPLE);
  }

  /** BININT1, BININT2 or BININT. */
  private integer(value: number): void {
    if (value > 0x7fffffff) throw new FormatError(`A .pth file of cutgpu cannot hold the size ${value}.`);
    const [opcode, length] = value < 1 << 8 ? [0x4b, 1] : value < 1 << 16 ? [0x4d, 2] : [0x4a, 4];
    this.op(opcode);
    this.littleEndian(value, length);
  }

  private littleEndian(value: number, length: number): void {
    for (let i = 0; i < length; i++) this.op((value >>> (8 * i)) & 255);
  }
}
