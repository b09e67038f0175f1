// One peer in a process of its own: `node run.mjs NAME`, jobs over IPC. For every job it first answers with its
// results; told that they are right, it answers with times.
//
// Timed is one run from the call to the moment the GPU is done, results left on the GPU: each engine submits what it
// has recorded, then the queue is waited for (onSubmittedWorkDone). Inputs and weights are on the GPU beforehand, in
// the engine's favourite layout; compilation is over after the runs that came before.
import "./globals.mjs";
import { inputsOf } from "../../dist/bench/peers/jobs.js";

const LEAST_RUNS = 3;
const MOST_RUNS = 50;
const ENOUGH_MS = 1000;

/** Of an even number of runs the upper middle one counts as the median: every reported time was measured. */
async function time(run) {
  const runs = [];
  let sum = 0;
  await run();
  while (runs.length < LEAST_RUNS || (sum < ENOUGH_MS && runs.length < MOST_RUNS)) {
    const start = performance.now();
    await run();
    runs.push(performance.now() - start);
    sum += runs.at(-1);
  }
  runs.sort((a, b) => a - b);
  return { median: runs[runs.length >> 1], min: runs[0], max: runs.at(-1) };
}

const messageOf = (error) => (error instanceof Error ? error.message : String(error)).split("\n")[0];

const { open } = await import(`./${process.argv[2]}.mjs`);
const engine = await open();
let prepared = null;

process.on("message", async ({ job, time: wanted }) => {
  try {
    if (wanted) {
      const ms = await time(prepared.run);
      process.send({ ms });
    } else {
      await prepared?.dispose();
      prepared = null;
      prepared = await engine.prepare(job, inputsOf(job));
      await prepared.run();
      process.send({ results: await prepared.read() });
    }
  } catch (error) {
    process.send({ error: messageOf(error) });
  }
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
