// A small interpreter of Python's pickle stack machine (https://docs.python.org/3/library/pickletools.html), for files
// of torch.save: the binary opcodes of protocols 2 to 4 that build numbers, strings, tuples, lists and dictionaries.
// A pickle is a program that can call any Python function by name. Here names are looked up in the caller's list only,
// and an opcode that is not implemented is an error, so nothing in a file can run. Objects of other names become
// placeholders that keep only the name; names that would run programs in Python are refused, since loading such a file
// in Python is dangerous. Each opcode takes at least one byte and never jumps back, which bounds time and memory by the
// length of the file.
// Tuples, lists and sets become arrays, dictionaries Maps, bytes Uint8Arrays, integers numbers (bigint if unsafe).
import { FormatError } from "../lib/errors.js";
import { COPY_AGAIN } from "./foreign.js";

/** A global name in a pickle. `call` implements it as a function; without it, it is only a value. */
export class PickleGlobal {
  constructor(
    readonly path: string,
    readonly call?: (args: readonly unknown[]) => unknown,
  ) {}
}

/** A placeholder for an object whose class or function is not in the caller's list: its name only. */
export class PickleObject {
  constructor(readonly path: string) {}
}

export interface PickleContext {
  /** Names the file in errors. */
  where: string;
  /** The implemented globals, by their dotted path. */
  globals: ReadonlyMap<string, PickleGlobal>;
  /** The value for a persistent id (data stored outside of the pickle). */
  persistentLoad: (id: unknown) => unknown;
}

/** Runs the pickle at `start`; returns its value and the offset after it. Throws a FormatError if it is invalid. */
export function readPickle(bytes: Uint8Array, start: number, context: PickleContext): { value: unknown; end: number } {
  return new Unpickler(bytes, start, context).run();
}

const MALICIOUS = "Get the weights from a source that you trust, or save them again as a plain state dict.";
/** Names that run programs or code, which no checkpoint needs. */
const RUNS_CODE = new RegExp(
  "^((os|posix|nt|subprocess|pty|runpy|importlib|ctypes|socket|shutil|webbrowser)\\.|" +
    "(builtins|__builtin__)\\.(eval|exec|execfile|compile|open|input|apply|getattr|setattr|__import__)$)",
);

class Unpickler {
  private readonly view: DataView;
  private stack: unknown[] = [];
  private readonly marked: unknown[][] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(
    private readonly bytes: Uint8Array,
    private position: number,
    private readonly context: PickleContext,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): { value: unknown; end: number } {
    for (;;) {
      const opcode = this.u8();
      if (opcode === 0x2e /* STOP */) return { value: this.pop(), end: this.position };
      this.step(opcode);
    }
  }

  private step(opcode: number): void {
    const instruction = INSTRUCTIONS.get(opcode);
    if (!instruction) {
      const hex = opcode.toString(16).padStart(2, "0");
      throw this.error(`uses the opcode 0x${hex}, which torch.save does not write`);
    }
    instruction(this);
  }

  checkProtocol(protocol: number): void {
    if (protocol < 2 || protocol > 5) throw this.error(`is of the unknown protocol ${protocol}`);
  }

  persistentLoad(): void {
    this.push(this.context.persistentLoad(this.pop()));
  }

  mark(): void {
    this.marked.push(this.stack);
    this.stack = [];
  }

  remember(index = this.memo.size): void {
    this.memo.set(index, this.top());
  }

  append(items: unknown[]): void {
    const list = this.top();
    if (list instanceof PickleObject) return;
    if (!Array.isArray(list)) throw this.error("appends to something that is not a list");
    for (const item of items) list.push(item);
  }

  setItems(items: unknown[]): void {
    const dictionary = this.top();
    if (dictionary instanceof PickleObject) return;
    if (!(dictionary instanceof Map)) throw this.error("sets items of something that is not a dictionary");
    if (items.length % 2 === 1) throw this.error("sets a key without a value");
    for (let i = 0; i < items.length; i += 2) dictionary.set(items[i], items[i + 1]);
  }

  recall(index: number): void {
    if (!this.memo.has(index)) throw this.error(`asks for memo entry ${index}, which was never put`);
    this.push(this.memo.get(index));
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string") throw this.error("names a global by something else");
    const path = `${module}.${name}`;
    if (RUNS_CODE.test(path)) {
      throw this.error(
        `names the Python global "${path}", which no file of weights needs: it may be malicious`,
        MALICIOUS,
      );
    }
    this.push(this.context.globals.get(path) ?? new PickleGlobal(path));
  }

  stackGlobal(): void {
    const [module, name] = this.popMany(2);
    this.global(module, name);
  }

  reduce(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof PickleGlobal && Array.isArray(args))) {
      throw this.error("calls something that is not a function");
    }
    this.push(callee.call ? callee.call(args) : new PickleObject(callee.path));
  }

  /** Sets the attributes of a dictionary (a state dict's `_metadata`) or of an object; here they are dropped. */
  build(): void {
    this.pop();
    const target = this.top();
    if (!(target instanceof Map || target instanceof PickleObject)) {
      throw this.error("sets the state of something that is neither a dictionary nor an object");
    }
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  top(): unknown {
    if (this.stack.length === 0) throw this.error("takes more from its stack than there is");
    return this.stack[this.stack.length - 1];
  }

  pop(): unknown {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  popMany(count: number): unknown[] {
    if (this.stack.length < count) throw this.error("takes more from its stack than there is");
    return this.stack.splice(-count);
  }

  popMark(): unknown[] {
    const items = this.stack;
    const below = this.marked.pop();
    if (!below) throw this.error("closes a mark that was never set");
    this.stack = below;
    return items;
  }

  /** Advances by `length` bytes and returns their offset. */
  private take(length: number): number {
    const start = this.position;
    if (length > this.bytes.length - start) {
      const { where } = this.context;
      const end = `its pickle ends after ${this.bytes.length} bytes in the middle of an instruction`;
      throw new FormatError(`${where} is truncated: ${end}.`, COPY_AGAIN);
    }
    this.position += length;
    return start;
  }

  skip(length: number): void {
    this.take(length);
  }

  u8(): number {
    return this.bytes[this.take(1)];
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** The only big-endian number. */
  f64(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  /** A two's complement little-endian integer of `length` bytes. */
  long(length: number): number | bigint {
    let value = 0n;
    const digits = this.raw(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i]);
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  raw(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  text(length: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.raw(length));
    } catch (error) {
      if (error instanceof FormatError) throw error;
      throw this.error("holds a string that is not UTF-8", COPY_AGAIN);
    }
  }

  line(): string {
    const newline = this.bytes.indexOf(0x0a, this.position);
    const line = this.text((newline < 0 ? this.bytes.length : newline) - this.position);
    this.take(1);
    return line;
  }

  private error(what: string, fix = COPY_AGAIN): FormatError {
    return new FormatError(`${this.context.where} holds a pickle that ${what} (byte ${this.position}).`, fix);
  }
}

/** The implementation of each opcode, with its name in pickletools. */
const INSTRUCTIONS = new Map<number, (machine: Unpickler) => void>([
  [0x80, (m) => m.checkProtocol(m.u8())], // PROTO
  [0x95, (m) => m.skip(8)], // FRAME, only a hint about buffering
  [0x28, (m) => m.mark()], // MARK
  [0x30, (m) => m.pop()], // POP
  [0x31, (m) => m.popMark()], // POP_MARK
  [0x32, (m) => m.push(m.top())], // DUP

  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4b, (m) => m.push(m.u8())], // BININT1
  [0x4d, (m) => m.push(m.u16())], // BININT2
  [0x4a, (m) => m.push(m.i32())], // BININT
  [0x8a, (m) => m.push(m.long(m.u8()))], // LONG1
  [0x8b, (m) => m.push(m.long(m.u32()))], // LONG4
  [0x47, (m) => m.push(m.f64())], // BINFLOAT
  [0x58, (m) => m.push(m.text(m.u32()))], // BINUNICODE
  [0x8c, (m) => m.push(m.text(m.u8()))], // SHORT_BINUNICODE
  [0x54, (m) => m.push(m.text(m.u32()))], // BINSTRING, a str of Python 2
  [0x55, (m) => m.push(m.text(m.u8()))], // SHORT_BINSTRING
  [0x42, (m) => m.push(m.raw(m.u32()))], // BINBYTES
  [0x43, (m) => m.push(m.raw(m.u8()))], // SHORT_BINBYTES

  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x85, (m) => m.push(m.popMany(1))], // TUPLE1
  [0x86, (m) => m.push(m.popMany(2))], // TUPLE2
  [0x87, (m) => m.push(m.popMany(3))], // TUPLE3
  [0x74, (m) => m.push(m.popMark())], // TUPLE
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x61, (m) => m.append(m.popMany(1))], // APPEND
  [0x65, (m) => m.append(m.popMark())], // APPENDS
  [0x8f, (m) => m.push([])], // EMPTY_SET
  [0x90, (m) => m.append(m.popMark())], // ADDITEMS
  [0x91, (m) => m.push(m.popMark())], // FROZENSET
  [0x7d, (m) => m.push(new Map())], // EMPTY_DICT
  [0x73, (m) => m.setItems(m.popMany(2))], // SETITEM
  [0x75, (m) => m.setItems(m.popMark())], // SETITEMS

  [0x71, (m) => m.remember(m.u8())], // BINPUT
  [0x72, (m) => m.remember(m.u32())], // LONG_BINPUT
  [0x94, (m) => m.remember()], // MEMOIZE
  [0x68, (m) => m.recall(m.u8())], // BINGET
  [0x6a, (m) => m.recall(m.u32())], // LONG_BINGET

  [0x63, (m) => m.global(m.line(), m.line())], // GLOBAL
  [0x93, (m) => m.stackGlobal()], // STACK_GLOBAL
  [0x52, (m) => m.reduce()], // REDUCE
  [0x81, (m) => m.reduce()], // NEWOBJ, a call by which Python makes an object without __init__
  [0x62, (m) => m.build()], // BUILD
  [0x51, (m) => m.persistentLoad()], // BINPERSID
]);
