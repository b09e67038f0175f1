// A worker that translates pictures from a queue: BullMQ on Redis. Start one for each GPU, on as many machines as there
// are. A job has `from`, a path, or `bytes`, base64; its result goes to `to`, a path, or comes back as base64. What a
// worker that died was doing, another one does.
import { readFile, rename, writeFile } from "node:fs/promises";
import { type Job, UnrecoverableError, Worker } from "bullmq";
import { openGpu } from "cutgpu";
import { loadGenerator, type Picture, Translator } from "cutgpu/cut";
import sharp from "sharp";

export interface TranslationJob {
  from?: string;
  bytes?: string;
  to?: string;
}

const { REDIS_URL = "redis://127.0.0.1:6379", QUEUE = "translate", MODEL = "model.safetensors" } = process.env;

const model = await readFile(MODEL);
let engine = await openEngine();

async function openEngine() {
  const gpu = await openGpu();
  return { gpu, translator: new Translator(gpu, loadGenerator(gpu, model, MODEL)) };
}

const worker = new Worker<TranslationJob, string>(QUEUE, translate, {
  connection: { url: REDIS_URL },
  // The GPU does one picture at a time anyway.
  concurrency: 1,
  // A job whose worker has not been heard of for so long is given to another, so often.
  lockDuration: 20_000,
  stalledInterval: 5_000,
  maxStalledCount: 3,
});

async function translate(job: Job<TranslationJob, string>): Promise<string> {
  const { from, bytes, to } = job.data;
  const picture = await decode(from === undefined ? Buffer.from(bytes ?? "", "base64") : await read(from));
  const onProgress = (done: number) => void job.updateProgress(Math.round(100 * done)).catch(() => {});
  let translated: Picture;
  try {
    translated = await engine.translator.translate(picture, null, { onProgress });
  } catch (error) {
    // A device that is lost is lost for all: the job comes back, and finds a new one.
    if (engine.gpu.failure) {
      engine.gpu.dispose();
      engine = await openEngine();
    }
    throw error;
  }
  const { width, height, channels, data } = translated;
  const png = await sharp(data, { raw: { width, height, channels } }).png().toBuffer();
  if (to === undefined) return png.toString("base64");
  // Whoever looks at `to` sees the whole picture or none, also where this process ends here.
  const partial = `${to}.${process.pid}.partial`;
  await writeFile(partial, png);
  await rename(partial, to);
  return to;
}

/** A file that is not there will not be there at the next try. */
async function read(path: string): Promise<Buffer> {
  return readFile(path).catch((error: Error) => {
    throw new UnrecoverableError(error.message);
  });
}

/** What is no picture does not become one by trying again: the job goes to the failed ones at once. */
async function decode(file: Buffer): Promise<Picture> {
  try {
    const image = sharp(file, { failOn: "error" }).autoOrient().flatten({ background: "white" }).toColourspace("srgb");
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels: info.channels as 1 | 3, data };
  } catch (error) {
    throw new UnrecoverableError(`it cannot be read as a picture: ${(error as Error).message}`);
  }
}

worker.on("completed", (job) => console.log(`${job.id} ${job.data.to ?? "bytes"}`));
worker.on("failed", (job, error) => console.error(`${job?.id} ${job?.data.from ?? "bytes"}: ${error.message}`));

// BullMQ connects again by itself, later and later; one line for each time that Redis is away.
let away = false;
worker.on("error", (error) => {
  if (!away) console.error(`${REDIS_URL}: ${error.message}; trying again until it answers`);
  away = true;
});
worker.on("ready", () => {
  if (away) console.error(`${REDIS_URL} answers again`);
  away = false;
});

// The picture at hand is finished, no other one is begun.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    await worker.close();
    engine.gpu.dispose();
    process.exit(0);
  });
}
