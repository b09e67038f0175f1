// Progress on stderr: on a terminal a bar (cli-progress) with count, percentage, speed, time left and free text such as
// losses; elsewhere (a log file, CI) a plain line every few seconds and whenever the text is due. Speed is that of the
// last half minute, so that the time left follows when the machine gets faster or slower.
import { SingleBar } from "cli-progress";
import { print, printableLine } from "./output.js";

export interface ProgressOptions {
  /** The work, such as "training". */
  label: string;
  total: number;
  /** The start of a resumed job. */
  start?: number;
  /** Without a terminal: whether `done` gets a line of its own, even before the next one is due. */
  lineDue?: (done: number) => boolean;
  stream?: NodeJS.WriteStream;
  /** Milliseconds, for tests. */
  now?: () => number;
}

export interface Progress {
  /** `done` of `total` are done, the current one perhaps in part; `text` is shown after the numbers. */
  update(done: number, text?: string): void;
  /** Prints a line (a warning, say) without tearing the bar. */
  log(line: string): void;
  /** Ends the bar and leaves its last state on the screen. */
  stop(): void;
}

/** Milliseconds that the speed is measured over. */
const WINDOW_MS = 30_000;
/** Seconds between lines where there is no terminal. */
const LINE_SECONDS = 10;

/** Units per second over the last WINDOW_MS. */
class Speedometer {
  #notes: { at: number; done: number }[] = [];

  constructor(private readonly now: () => number) {}

  note(done: number): void {
    const at = this.now();
    this.#notes.push({ at, done });
    while (this.#notes.length > 2 && this.#notes[1].at < at - WINDOW_MS) this.#notes.shift();
  }

  /** 0 until it is known. */
  get perSecond(): number {
    const [first, last] = [this.#notes[0], this.#notes.at(-1)!];
    return last.at > first.at ? (1000 * (last.done - first.done)) / (last.at - first.at) : 0;
  }
}

/** Seconds for people: 42s, 3m05s, 2h07m, 3d04h. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86400)}d${two(Math.floor((whole % 86400) / 3600))}h`;
}

/** Slow work is shown in seconds per piece, fast work in pieces per second. */
export function formatSpeed(perSecond: number): string {
  if (perSecond <= 0) return "-";
  if (perSecond < 1) return `${(1 / perSecond).toPrecision(3)} s each`;
  return `${perSecond < 100 ? perSecond.toPrecision(3) : perSecond.toFixed(0)}/s`;
}

/** Starts a progress display; call `stop` at the end, also when the work fails. */
export function startProgress(options: ProgressOptions): Progress {
  const { label, total, start = 0, lineDue, stream = process.stderr, now = Date.now } = options;
  const speedometer = new Speedometer(now);
  speedometer.note(start);
  let done = start;
  let text = "";
  const numbers = () => {
    const speed = speedometer.perSecond;
    const left = done >= total ? 0 : (total - done) / speed;
    return { whole: Math.floor(done), speed: formatSpeed(speed), left: formatSeconds(left), text };
  };

  if (!stream.isTTY) {
    let lastLine = now();
    /** `done` of the last line that was printed because of `lineDue`, which is not repeated. */
    let dueAt = -1;
    /** What the last line told, which the end does not repeat. */
    let told = "";
    const state = () => `${done} ${text}`;
    const printNumbers = () => {
      const { whole, speed, left } = numbers();
      const percentage = Math.floor((100 * done) / Math.max(1, total));
      const parts = [`${label} ${whole}/${total} (${percentage}%)`, speed, `${left} left`, text];
      stream.write(`${parts.filter(Boolean).join(", ")}\n`);
      lastLine = now();
      told = state();
    };
    return {
      update(value, message = text) {
        done = value;
        text = printableLine(message);
        speedometer.note(done);
        const due = done !== dueAt && (lineDue?.(done) ?? false);
        if (due) dueAt = done;
        if (due || now() - lastLine >= 1000 * LINE_SECONDS) printNumbers();
      },
      log: (line) => void stream.write(`${printableLine(line)}\n`),
      stop() {
        if (dueAt !== done && told !== state()) printNumbers();
      },
    };
  }

  const bar = new SingleBar({
    format: "{label} {bar} {whole}/{total} {percentage}%  {speed}  {left} left  {text}",
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: 24,
    fps: 10,
    stream,
    linewrap: false,
    // Ctrl-C belongs to the command, which saves before it ends.
    gracefulExit: false,
  });
  bar.start(total, start, { label, ...numbers() });
  // However the process ends, the terminal's line wrap is restored.
  const stop = () => bar.stop();
  process.once("exit", stop);
  return {
    update(value, message = text) {
      done = value;
      text = printableLine(message);
      speedometer.note(done);
      bar.update(done, numbers());
    },
    log(line) {
      // The bar has turned line wrap off, which would cut off what does not fit.
      stream.write(`\r\u001b[2K\u001b[?7h${printableLine(line)}\n\u001b[?7l`);
      bar.render();
    },
    stop() {
      process.off("exit", stop);
      stop();
    },
  };
}

/** Prints lines of results to standard output, or above the progress on a terminal that both share. */
export function printAbove(
  progress: Progress | null,
  lines: string,
  shared = process.stdout.isTTY && process.stderr.isTTY,
): void {
  if (!(progress && shared)) print(`${lines}\n`);
  else for (const line of lines.split("\n")) progress.log(line);
}

type Report = (done: number, total: number, text?: string) => void;

/**
 * Does work whose total comes with its first report, with a display until it ends or fails. `shown` gives the display,
 * null before that report.
 */
export async function withProgress<T>(
  label: string,
  work: (report: Report, shown: () => Progress | null) => Promise<T>,
): Promise<T> {
  let progress = null as Progress | null;
  const report: Report = (done, total, text) => {
    progress ??= startProgress({ label, total });
    progress.update(done, text);
  };
  try {
    return await work(report, () => progress);
  } finally {
    progress?.stop();
  }
}
