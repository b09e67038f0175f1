// Lock files (Node only): a lock names the process that works here. After a crash the lock is stale: its process is
// gone, or its pid belongs to another process by now. Another machine's process cannot be checked, so its lock is stale
// once its mtime is older than `staleAfter`.
import { readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import type { CutgpuError } from "../../engine/lib/errors.js";
import { parsedJson } from "../data/parsed-json.js";
import { fileError, withFileErrors } from "./atomic-files.js";

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

function isAlive({ pid, host, started }: LockHolder, age: number, staleAfter = Number.POSITIVE_INFINITY): boolean {
  if (host !== hostname()) return age < staleAfter; // Its process cannot be checked from here.
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return started === startOf(pid);
}

/** A lock file as it was read. */
interface Found {
  text: string;
  mtime: number;
}

/** The lock file; undefined where there is none. */
function find(path: string): Found | undefined {
  return withFileErrors(path, () => {
    try {
      return { text: readFileSync(path, "utf8"), mtime: statSync(path).mtimeMs };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return undefined;
    }
  });
}

/** The holder that the text of a lock names; undefined where a crash left it incomplete. */
function holderIn(text: string): LockHolder | undefined {
  const holder = parsedJson<LockHolder>(text);
  return typeof holder?.pid === "number" ? holder : undefined;
}

export interface LockOptions {
  /** The error for a lock that is held; `who` names the process, as far as it is known. */
  refusal(who: string): CutgpuError;
  /** Milliseconds since its last touch after which another machine's lock is stale. */
  staleAfter?: number;
}

/** More often than a lock goes away just before it is read. */
const ATTEMPTS = 100;

/** Creates the lock file `path` for this process. Throws where a running process holds the lock. */
export function takeLock(path: string, options: LockOptions): void {
  const mine: LockHolder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  for (let attempt = 1; ; attempt++) {
    try {
      writeFileSync(path, JSON.stringify(mine), { flag: "wx" });
      return;
    } catch (error) {
      const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
      if (!exists || attempt === ATTEMPTS) throw fileError(error) ?? error;
    }
    const found = find(path);
    if (!found) continue;
    const holder = holderIn(found.text);
    const age = Date.now() - found.mtime;
    // Another process may have created a file without a holder this very moment.
    if (holder ? isAlive(holder, age, options.staleAfter) : age < 2000) {
      throw options.refusal(holder ? ` (process ${holder.pid} on ${holder.host})` : "");
    }
    removeStale(path, found, options);
  }
}

/**
 * Removes the lock if it is still the one that was found stale. Of two processes that find one, the later must not
 * remove what the earlier has put in its place: whoever looks and removes holds a second lock.
 */
function removeStale(path: string, found: Found, options: LockOptions): void {
  const second = `${path}.stale`;
  takeLock(second, options);
  try {
    const now = find(path);
    if (now?.text === found.text && now.mtime === found.mtime) withFileErrors(path, () => unlinkSync(path));
  } finally {
    releaseLock(second);
  }
}

/** Updates the mtime, which tells other machines that this process still works. */
export function touchLock(path: string): void {
  const now = new Date();
  withFileErrors(path, () => utimesSync(path, now, now));
}

/** Releases the lock, if this process holds it. */
export function releaseLock(path: string): void {
  try {
    const holder = holderIn(readFileSync(path, "utf8"));
    if (holder?.pid === process.pid && holder.host === hostname()) unlinkSync(path);
  } catch {
    // The lock is gone already, or others will find it stale.
  }
}
