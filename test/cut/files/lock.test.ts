// Lock files: of processes that find one stale lock at the same moment one takes it over.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { releaseLock, takeLock } from "../../../cut/files/lock.js";
import { CutgpuError } from "../../../engine/lib/errors.js";

const test = suite<{ folder: string }>("locks");
const child = fileURLToPath(new URL("children/take-locks.js", import.meta.url));
const ROUNDS = 500;
const RACERS = 4;

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-locks-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

/** The content of a lock of a process that is gone. */
function staleLock(): string {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  return JSON.stringify({ pid, host: hostname(), started: "0" });
}

test("of several processes that find a stale lock at the same moment exactly one takes it", async ({ folder }) => {
  const stale = staleLock();
  for (let round = 0; round < ROUNDS; round++) writeFileSync(join(folder, `${round}.lock`), stale);
  const start = Date.now() + 1000;
  const racers = Array.from({ length: RACERS }, () =>
    spawn(process.execPath, [child, JSON.stringify([folder, ROUNDS, start])], { stdio: ["pipe", "pipe", "inherit"] }),
  );
  const ends = racers.map((racer) => once(racer, "close"));
  const got = await Promise.all(
    racers.map(async ({ stdout }) => {
      for await (const line of createInterface(stdout)) return JSON.parse(line) as number[];
      return [];
    }),
  );
  const holders = Array.from({ length: ROUNDS }, (_, i) => {
    return JSON.parse(readFileSync(join(folder, `${i}.lock`), "utf8")).pid as number;
  });
  const files = readdirSync(folder);
  for (const { stdin } of racers) stdin.end();
  await Promise.all(ends);
  const took = (round: number) => racers.filter((_, i) => got[i].includes(round)).map(({ pid }) => pid);
  const wrong = holders.flatMap((holder, round) => {
    const takers = took(round);
    return takers.length === 1 && takers[0] === holder ? [] : [`${round}: ${takers}`];
  });
  assert.equal(wrong, [], "exactly one process takes a lock, and the file is its");
  assert.is(files.length, ROUNDS, "no other files are left");
});

test("a process that was killed while it took a stale lock over holds nobody up", ({ folder }) => {
  const path = join(folder, "a.lock");
  writeFileSync(path, staleLock());
  writeFileSync(`${path}.stale`, staleLock());
  takeLock(path, { refusal: () => new CutgpuError("LOCKED", "it is held") });
  assert.is(JSON.parse(readFileSync(path, "utf8")).pid, process.pid);
  assert.equal(readdirSync(folder), ["a.lock"]);
  releaseLock(path);
  assert.equal(readdirSync(folder), []);
});

test.run();
