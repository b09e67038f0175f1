// Every failure that a caller can meet is one of these: what happened and where (`message`), what to do (`fix`), and a
// `code` to switch on. The command line prints `message` and `fix` as one line and never a stack trace.

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

/** An operator was given shapes, dtypes or options that do not fit together. */
export class ShapeError extends CutgpuError {
  constructor(message: string, fix = "") {
    super("SHAPE", message, fix);
  }
}

/** A tensor or a dispatch is larger than the adapter allows. */
export class LimitError extends CutgpuError {
  constructor(message: string, fix = "") {
    super("LIMIT", message, fix);
  }
}

/** No adapter, or a device that lacks what is needed. */
export class AdapterError extends CutgpuError {
  constructor(message: string, fix = "") {
    super("ADAPTER", message, fix);
  }
}

/** The device was lost, or reported an error outside of any call. */
export class DeviceLostError extends CutgpuError {
  constructor(message: string, fix = "") {
    super("DEVICE_LOST", message, fix);
  }
}

/** WebGPU refused something that the engine asked for: a defect of the engine or of the driver. */
export class GpuError extends CutgpuError {
  constructor(message: string, fix = "") {
    super("GPU", message, fix);
  }
}

/** Bytes that are not the file they should be (safetensors, .pth). */
export class FormatError extends CutgpuError {
  constructor(message: string, fix = "") {
    super("FORMAT", message, fix);
  }
}
