// The lock of a run's folder (Node only): a file training.lock that says which process trains here. One that a crash
// left behind does not hold: its process is gone, or another one has its number by now.
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, unlinkSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { CutgpuError } from "../../engine/core/errors.js";
import { withFileErrors } from "./atomic-files.js";

interface LockHolder {
  pid: number;
  host: string;
  /** When the process started, as the system counts it: pids come round again. */
  started: string;
}

const lockPath = (folder: string) => join(folder, "training.lock");

/** The start time of a process from /proc (field 22 of stat); empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return "";
  }
}

function isAlive({ pid, host, started }: LockHolder): boolean {
  if (host !== hostname()) return true; // It cannot be asked from here.
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return started === startOf(pid);
}

/** Who holds the lock; undefined where nobody does or where the file was torn by a crash. */
function lockHolder(folder: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(readFileSync(lockPath(folder), "utf8")) as LockHolder;
    return typeof holder.pid === "number" ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** Locks a run's folder for this process. Throws where a training that still lives has it. */
export function takeLock(folder: string): void {
  const path = lockPath(folder);
  const mine: LockHolder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  for (let attempt = 0; ; attempt++) {
    try {
      const descriptor = openSync(path, "wx");
      writeSync(descriptor, JSON.stringify(mine));
      closeSync(descriptor);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 2) withFileErrors(path, () => raise(error));
    }
    const holder = lockHolder(folder);
    // A file without a holder may have been created this very moment.
    const fresh = !holder && existsSync(path) && Date.now() - statSync(path).mtimeMs < 2000;
    if (fresh || (holder && isAlive(holder))) {
      const who = holder ? ` (process ${holder.pid} on ${holder.host})` : "";
      throw new CutgpuError(
        "LOCKED",
        `another training is using ${folder}${who};`,
        `wait for it to end or choose another --name, or delete ${path} if you know that it is gone.`,
      );
    }
    rmSync(path, { force: true });
  }
}

function raise(error: unknown): never {
  throw error;
}

/** Gives the lock back, if this process has it. */
export function releaseLock(folder: string): void {
  if (lockHolder(folder)?.pid !== process.pid) return;
  try {
    unlinkSync(lockPath(folder));
  } catch {
    // It is gone already, and what is left would be found to be stale.
  }
}
