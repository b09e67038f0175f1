// Takes the locks FOLDER/0.lock, FOLDER/1.lock, ..., each at a time of its own, for ROUNDS of them; prints the numbers
// of those that it got as a line, and ends, which makes its locks stale, when its standard input does.
import { join } from "node:path";
import { takeLock } from "../../../../cut/files/lock.js";
import { CutgpuError } from "../../../../engine/lib/errors.js";

const [folder, rounds, start] = JSON.parse(process.argv[2]) as [string, number, number];
const refusal = () => new CutgpuError("LOCKED", "it is held");
const got: number[] = [];
for (let round = 0; round < rounds; round++) {
  while (performance.timeOrigin + performance.now() < start + round * 2);
  try {
    takeLock(join(folder, `${round}.lock`), { refusal });
    got.push(round);
  } catch (error) {
    if (!(error instanceof CutgpuError) || error.code !== "LOCKED") throw error;
  }
}
console.log(JSON.stringify(got));
process.stdin.resume();
