// Puts every picture of a folder into the queue of worker.ts, and waits until all are done:
// node add.ts photos painted
import { mkdir, readdir } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { Queue, QueueEvents } from "bullmq";
import type { TranslationJob } from "./worker.ts";

const { REDIS_URL = "redis://127.0.0.1:6379", QUEUE = "translate" } = process.env;
const [from, to] = process.argv.slice(2).map((path) => resolve(path));
if (to === undefined) throw new Error("node add.ts FROM TO");

const connection = { url: REDIS_URL };
const queue = new Queue<TranslationJob, string>(QUEUE, { connection });
const events = new QueueEvents(QUEUE, { connection });
// BullMQ connects again by itself, later and later; one line for each time that Redis is away.
let away = false;
const onError = ({ message }: Error) => {
  if (!away) console.error(`${REDIS_URL}: ${message}; trying again until it answers`);
  away = true;
};
queue.on("error", onError);
events.on("error", onError);
await events.waitUntilReady();
away = false;

const names = (await readdir(from)).filter((name) => /\.(png|jpe?g|webp)$/i.test(name)).sort();
await mkdir(to, { recursive: true });

let left = names.length;
let failed = 0;
const finished = new Promise<void>((done) => {
  const one = () => {
    left--;
    if (left % 10 === 0) console.log(`${left} left`);
    if (left === 0) done();
  };
  events.on("completed", one);
  events.on("failed", ({ jobId, failedReason }) => {
    console.error(`job ${jobId}: ${failedReason}`);
    failed++;
    one();
  });
});

const jobs = names.map((name) => ({
  name: "picture",
  data: { from: join(from, name), to: join(to, `${basename(name, extname(name))}.png`) },
  // After a lost device, say; what is no picture is not tried again.
  opts: { attempts: 4, backoff: { type: "exponential", delay: 500 } },
}));
await queue.addBulk(jobs).catch(({ message }: Error) => {
  // A full Redis, say, takes no jobs.
  console.error(`${REDIS_URL}: ${message}`);
  process.exit(1);
});
if (left > 0) await finished;
await events.close();
await queue.close();
process.exitCode = failed > 0 ? 1 : 0;
