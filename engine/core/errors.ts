// Every failure that a caller can meet is one of these: what happened and where (`message`), what to do (`fix`), and a
// `code` to switch on. The command line prints `message` and `fix` as one line and never a stack trace.
// The classes below carry one code each. The files, folders and options of the command line have more codes of their
// own (FILE, FOLDER, PICTURE, CONFIG, ...), which a library that is given bytes and tensors never throws.

export class CutgpuError extends Error {
  readonly code: string;
  /** What to do about it, as a sentence; empty where the message already says it. */
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

/** Code ARGUMENT: a value that no call of this kind can take, whatever the shapes. */
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

/** Code ADAPTER: no adapter, or a device that lacks what is needed. */
export class AdapterError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("ADAPTER", message, fix);
  }
}

/** Code DEVICE_LOST: the device went away. Open another and go on from the last checkpoint. */
export class DeviceLostError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("DEVICE_LOST", message, fix);
  }
}

/**
 * Code GPU: WebGPU refused something that the engine asked for: a kernel of your own, or a defect of engine or driver.
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

/** Code RECORDING: something that cannot be done while a program is being recorded. */
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

/** Code FORMAT: bytes that are not the file they should be (safetensors, .pth). */
export class FormatError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("FORMAT", message, fix);
  }
}

/** Code CHECKPOINT: a sound file that holds another model than it should: keys or shapes differ, or are missing. */
export class CheckpointError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("CHECKPOINT", message, fix);
  }
}

/** Code NAN_LOSS: training diverged; a loss or a weight is no longer a finite number. */
export class DivergenceError extends CutgpuError {
  constructor(message: string, fix?: string) {
    super("NAN_LOSS", message, fix);
  }
}
