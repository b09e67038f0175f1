// The folder of one training run (Node only), runs_dir/name:
//   config.json               the configuration, for people; checkpoints carry it as well
//   latest.safetensors        the newest checkpoint, and EPOCH.safetensors those that are kept
//   best.safetensors          the checkpoint of the best evaluation, where the run is evaluated
//   tuning.json               the kernels that it began with, where they were measured (cutgpu tune)
//   losses.jsonl              a line per step: step, epoch, seconds, lr and every loss
//   metrics.jsonl             a line per evaluation
//   retrieval.jsonl           a line per measurement of how many patches find their source, where patches are compared
//   alarms.jsonl              a line per alarm, where there were any
//   samples/                  sample pictures by step
//   report.html               updated during the run
//   training.lock             the process that is training here
// A process that is killed at any moment leaves whole files only, and at worst a torn last line of losses, which is
// dropped when the run resumes.
import { existsSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";
import { parseTuning, type TuningTable } from "../../engine/tuning/table.js";
import type { RetrievalRow } from "../inspection/retrieval.js";
import type { LossRow } from "../report/losses.js";
import type { MetricRow } from "../report/metrics.js";
import type { Alarm } from "../training/alarms.js";
import { makeFolder, temporaryExtension, withFileErrors, writeFileAtomically } from "./atomic-files.js";
import { releaseLock, takeLock } from "./lock.js";
import { readText, readWhole } from "./read-whole.js";
import { StepLog } from "./step-log.js";

const checkpointExtension = ".safetensors";
/** The outputs of a training besides its checkpoints and its configuration. */
const LOGS = ["losses.jsonl", "metrics.jsonl", "retrieval.jsonl", "alarms.jsonl"];
const OUTPUTS = [...LOGS, "samples", "report.html", "tuning.json"];

const isRunName = (name: string) =>
  name === "config.json" || OUTPUTS.includes(name) || /^(latest|best|\d+)\.safetensors$/.test(name);

/** Whether the folder is a run's, by its configuration. */
function isRun(folder: string): boolean {
  try {
    return "runs_dir" in JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  } catch {
    return false;
  }
}

/** Whether a path leads to a file that a run keeps. */
export function isRunFile(path: string): boolean {
  if (!existsSync(path)) return false;
  const real = realpathSync(path);
  return isRunName(basename(real)) && isRun(dirname(real));
}

export class RunFolder {
  readonly losses: StepLog<LossRow>;
  readonly metrics: StepLog<MetricRow>;
  readonly retrieval: StepLog<RetrievalRow>;
  readonly alarms: StepLog<Alarm>;
  /** The first folder that `create` had to create. */
  #made: string | undefined;
  readonly #release = () => releaseLock(this.#lockPath);

  private constructor(readonly path: string) {
    const [losses, metrics, retrieval, alarms] = LOGS.map((name) => join(path, name));
    this.losses = new StepLog(losses);
    this.metrics = new StepLog(metrics);
    this.retrieval = new StepLog(retrieval);
    this.alarms = new StepLog(alarms);
  }

  get #lockPath(): string {
    return join(this.path, "training.lock");
  }

  get #logs(): StepLog<{ step: number }>[] {
    return [this.losses, this.metrics, this.retrieval, this.alarms] as StepLog<{ step: number }>[];
  }

  /**
   * A folder for a new run, locked. Throws where it holds a checkpoint, or where another training uses it. Removes the
   * files of an earlier run that never reached a checkpoint.
   */
  static create(runsDir: string, name: string, config: Record<string, unknown>): RunFolder {
    const folder = new RunFolder(join(runsDir, name));
    folder.#made = makeFolder(folder.path);
    folder.#lock();
    try {
      if (checkpointNames(folder.path).length > 0) {
        throw new CutgpuError(
          "RUN_EXISTS",
          `${folder.path} already holds a run;`,
          "add --continue_train to go on with it, or choose another --name.",
        );
      }
      refuseForeign(folder.path);
      for (const leftover of OUTPUTS) {
        withFileErrors(folder.path, () => rmSync(join(folder.path, leftover), { recursive: true, force: true }));
      }
      folder.writeConfig(config);
      makeFolder(join(folder.path, "samples"));
    } catch (error) {
      folder.close();
      throw error;
    }
    return folder;
  }

  /**
   * The folder of a run that is to be resumed, locked. Throws where there is none, or where another training uses it.
   */
  static open(runsDir: string, name: string): RunFolder {
    const folder = new RunFolder(join(runsDir, name));
    if (!existsSync(folder.path)) {
      throw new CutgpuError(
        "NO_RUN",
        `there is no run ${name} in ${runsDir};`,
        "check --name and --runs_dir, or leave out --continue_train to start it.",
      );
    }
    if (checkpointNames(folder.path).length === 0) {
      throw new CutgpuError(
        "NO_RUN",
        `${folder.path} holds no checkpoint to go on from;`,
        "leave out --continue_train to start the run anew.",
      );
    }
    folder.#lock();
    return folder;
  }

  /** A folder for reading, not locked: others may write in it, and it need not exist. */
  static look(path: string): RunFolder {
    return new RunFolder(path);
  }

  /** Takes the lock and then removes what interrupted writes left, which no other process uses now. */
  #lock(): void {
    takeLock(this.#lockPath, {
      refusal: (who) =>
        new CutgpuError(
          "LOCKED",
          `another training is using ${this.path}${who};`,
          "wait for it to end or choose another --name, " + `or delete ${this.#lockPath} if you know that it is gone.`,
        ),
    });
    process.once("exit", this.#release);
    withFileErrors(this.path, () => {
      for (const name of readdirSync(this.path)) {
        if (name.endsWith(temporaryExtension)) rmSync(join(this.path, name), { force: true });
      }
    });
  }

  writeConfig(config: Record<string, unknown>): void {
    writeFileAtomically(join(this.path, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  }

  get #tuningPath(): string {
    return join(this.path, "tuning.json");
  }

  /** Saves the tuning table that the run begins with. */
  writeTuning(table: TuningTable): void {
    writeFileAtomically(this.#tuningPath, `${JSON.stringify(table, null, 1)}\n`);
  }

  /**
   * The tuning table that the run began with; null where its kernels are chosen by rule. Throws where the file is no
   * table.
   */
  readTuning(): TuningTable | null {
    const path = this.#tuningPath;
    if (!existsSync(path)) return null;
    const text = readText(path);
    try {
      return parseTuning(text, path);
    } catch (error) {
      if (!(error instanceof CutgpuError)) throw error;
      throw new CutgpuError(error.code, `${error.message};`, "restore it, or remove it to go on with other kernels.");
    }
  }

  /** The path of the checkpoint `name` ("latest", "best" or an epoch). */
  checkpointPath(name: string | number): string {
    return join(this.path, `${name}${checkpointExtension}`);
  }

  /**
   * Saves a checkpoint atomically. Logs are made durable first, so that their rows up to the checkpoint's step are
   * never missing.
   */
  saveCheckpoint(name: string | number, bytes: Uint8Array): void {
    for (const log of this.#logs) log.sync();
    writeFileAtomically(this.checkpointPath(name), bytes);
  }

  /** Epochs whose checkpoints were kept, the newest first. */
  keptEpochs(): number[] {
    const epochs = checkpointNames(this.path).map((name) => Number(name.slice(0, -checkpointExtension.length)));
    return epochs.filter(Number.isSafeInteger).sort((a, b) => b - a);
  }

  /** The bytes of a checkpoint. */
  readCheckpoint(name: string | number): Uint8Array {
    return readWhole(this.checkpointPath(name));
  }

  /** Drops the rows after `step`, which a run that resumes from there logs again. */
  truncateLogs(step: number): void {
    for (const log of this.#logs) log.truncate(step);
  }

  /** Saves a sample picture under samples/ and returns its path. */
  saveSample(fileName: string, bytes: Uint8Array): string {
    const path = join(this.path, "samples", fileName);
    makeFolder(join(this.path, "samples"));
    writeFileAtomically(path, bytes);
    return path;
  }

  /** The names of all files under samples/. */
  sampleNames(): string[] {
    const path = join(this.path, "samples");
    return existsSync(path) ? withFileErrors(path, () => readdirSync(path)) : [];
  }

  readSample(fileName: string): Uint8Array {
    return readWhole(join(this.path, "samples", fileName));
  }

  writeReport(html: string): void {
    writeFileAtomically(join(this.path, "report.html"), html);
  }

  /** Undoes `create` for a run that failed early, and closes: folders that existed before stay. */
  discard(): void {
    this.close();
    if (this.#made === undefined) return;
    rmSync(this.path, { recursive: true, force: true });
    const first = resolve(this.#made);
    try {
      for (let above = dirname(resolve(this.path)); above.length >= first.length; above = dirname(above))
        rmdirSync(above);
    } catch {
      // Another process uses the folder by now.
    }
  }

  /** Releases the lock. Nothing may be written afterwards. */
  close(): void {
    for (const log of this.#logs) log.close();
    process.off("exit", this.#release);
    this.#release();
  }
}

/** Throws where a new run in this folder would remove files that belong to no run. */
function refuseForeign(folder: string): void {
  const theirs = isRun(folder) ? undefined : readdirSync(folder).find(isRunName);
  if (theirs === undefined) return;
  throw new CutgpuError("RUN_EXISTS", `${folder} is no run and holds ${theirs};`, "choose another --name.");
}

function checkpointNames(folder: string): string[] {
  return withFileErrors(folder, () => readdirSync(folder).filter((name) => name.endsWith(checkpointExtension)));
}
