// The errors that callers can get: what happened and where (`message`), what to do about it (`fix`), and a `code` to
// switch on. The command line prints `message` and `fix` as one line, without a stack trace.
// The classes below have one code each. The command line has more codes for files, folders and options (FILE, FOLDER,
// PICTURE, CONFIG, ...), which the library, which is given bytes and tensors, never throws.

export class CutgpuError extends Error {
  readonly code: string;
  /** What to do about it, as a sentence; empty if the message already says it. */
  readonly fix: string;

  constructor(code: string, message: string, fix = "") {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.fix = fix;
  }
}

/** Code SHAPE: an operator was given shapes, dtypes or options that do not fit together. */
export class ShapeError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("SHAPE", message, fix);
  }
}

/** Code ARGUMENT: an argument or option that is invalid whatever the shapes. */
export class ArgumentError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("ARGUMENT", message, fix);
  }
}

/** Code LIMIT: a tensor or a dispatch is larger than the adapter allows. */
export class LimitError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("LIMIT", message, fix);
  }
}

/** Code OUT_OF_MEMORY: the GPU has no memory left for what was asked for. */
export class OutOfMemoryError extends LimitError {
  override readonly code = "OUT_OF_MEMORY";
}

/** Code ADAPTER: no adapter, or one that lacks a required feature. */
export class AdapterError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("ADAPTER", message, fix);
  }
}

/** Code DEVICE_LOST: the device was lost. Open another one and continue from the last checkpoint. */
export class DeviceLostError extends CutgpuError {
  constructor(message: string, fix = "Begin again with a new device.") {
    super("DEVICE_LOST", message, fix);
  }
}

/**
 * Code GPU: WebGPU reported an error in a call of the engine: a kernel of your own, or a defect of engine or driver.
 */
export class GpuError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("GPU", message, fix);
  }
}

/** Code DISPOSED: a tensor, or a whole engine, was used after dispose(). */
export class DisposedError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("DISPOSED", message, fix);
  }
}

/** Code RECORDING: a call that is not possible while a program is recorded, or on an engine that only plans. */
export class RecordingError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("RECORDING", message, fix);
  }
}

/** Code GRADIENT: an operator that cannot be differentiated, or a tape that an earlier backward has freed. */
export class GradientError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("GRADIENT", message, fix);
  }
}

/** Code FORMAT: bytes that are not a valid file of the expected format (safetensors, .pth). */
export class FormatError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("FORMAT", message, fix);
  }
}

/** Code CHECKPOINT: a valid file of another model than expected: keys or shapes differ, or are missing. */
export class CheckpointError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("CHECKPOINT", message, fix);
  }
}

/** Code NAN_LOSS: training diverged: a loss or a weight is not finite. */
export class DivergenceError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("NAN_LOSS", message, fix);
  }
}
