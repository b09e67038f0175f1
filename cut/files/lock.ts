// Lock files (Node only): a lock names the process that works here. After a crash the lock is stale: its process is
// gone, or its pid belongs to another process by now. Another machine's process cannot be checked, so its lock is stale
// once its mtime is older than `staleAfter`.
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import type { CutgpuError } from "../../engine/core/errors.js";
import { withFileErrors } from "./atomic-files.js";

interface LockHolder {
  pid: number;
  host: string;
  /** When the process started, in the system's units: pids are reused. */
  started: string;
}

/** The start time of a process from /proc (field 22 of stat); empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return "";
  }
}

function isAlive({ pid, host, started }: LockHolder, age: number, staleAfter: number): boolean {
  if (host !== hostname()) return age < staleAfter; // Its process cannot be checked from here.
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return started === startOf(pid);
}

/** The holder of the lock; undefined where there is none, or where a crash left the file incomplete. */
function lockHolder(path: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, "utf8")) as LockHolder;
    return typeof holder.pid === "number" ? holder : undefined;
  } catch {
    return undefined;
  }
}

export interface LockOptions {
  /** The error for a lock that is held; `who` names the process, as far as it is known. */
  refusal(who: string): CutgpuError;
  /** Milliseconds since its last touch after which another machine's lock is stale. */
  staleAfter?: number;
}

/** Creates the lock file `path` for this process. Throws where a running process holds the lock. */
export function takeLock(path: string, { refusal, staleAfter = Number.POSITIVE_INFINITY }: LockOptions): void {
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
    const holder = lockHolder(path);
    const age = existsSync(path) ? Date.now() - statSync(path).mtimeMs : Number.POSITIVE_INFINITY;
    // Another process may have created a file without a holder this very moment.
    if (holder ? isAlive(holder, age, staleAfter) : age < 2000) {
      throw refusal(holder ? ` (process ${holder.pid} on ${holder.host})` : "");
    }
    rmSync(path, { force: true });
  }
}

function raise(error: unknown): never {
  throw error;
}

/** Updates the mtime, which tells other machines that this process still works. */
export function touchLock(path: string): void {
  const now = new Date();
  withFileErrors(path, () => utimesSync(path, now, now));
}

/** Releases the lock, if this process holds it. */
export function releaseLock(path: string): void {
  const holder = lockHolder(path);
  if (holder?.pid !== process.pid || holder.host !== hostname()) return;
  try {
    unlinkSync(path);
  } catch {
    // The lock is gone already, or others will find it stale.
  }
}
