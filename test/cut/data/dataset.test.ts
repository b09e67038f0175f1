// Data sets of tiny pictures, each of one flat gray that tells which it is: picture i of A is 10 + i, of B 100 + i.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Batch, type DatasetOptions, UnalignedDataset } from "../../../cut/data/dataset.js";
import { readPicture } from "../../../cut/files/decode.js";
import { CutgpuError } from "../../../engine/lib/errors.js";

const test = suite<{ folder: string; filesA: string[]; filesB: string[] }>("dataset");

async function flat(file: string, level: number, width = 12, height = 10): Promise<string> {
  await mkdir(join(file, ".."), { recursive: true });
  const data = new Uint8Array(width * height * 3).fill(level);
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(file);
  return file;
}

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), "cutgpu-dataset-"));
  const make = (side: string, count: number, first: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => flat(join(context.folder, side, `${i}.png`), first + i)));
  context.filesA = await make("A", 7, 10);
  context.filesB = await make("B", 4, 100);
});
test.after(({ folder }) => rm(folder, { recursive: true }));

const options = (filesA: string[], filesB: string[], change: Partial<DatasetOptions> = {}): DatasetOptions => ({
  filesA,
  filesB,
  read: readPicture,
  direction: "AtoB",
  preprocess: "resize_and_crop",
  load_size: 10,
  crop_size: 8,
  no_flip: false,
  n_epochs: 5,
  input_nc: 3,
  output_nc: 3,
  batch_size: 2,
  serial_batches: false,
  seed: 1,
  ...change,
});

async function collect(dataset: UnalignedDataset, epoch: number, from = 0): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of dataset.batches({ epoch, from })) batches.push(batch);
  return batches;
}

async function refusal(work: Promise<unknown>): Promise<CutgpuError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CutgpuError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** The grays of pictures of `channels` channels, one after the other. */
function levels(batches: Batch[], domain: "A" | "B", channels = 3): number[] {
  return batches.flatMap((batch) => {
    const size = channels * batch.height * batch.width;
    const each = Array.from({ length: batch[domain].length / size }, (_, n) =>
      batch[domain].slice(n * size, (n + 1) * size),
    );
    for (const planes of each) assert.ok(planes.every((value) => value === planes[0]));
    return each.map(([first]) => Math.round((first + 1) * 127.5));
  });
}
/** The names of the pictures. */
const names = (batches: Batch[], domain: "A" | "B") =>
  levels(batches, domain).map((level) => `${level % (level < 100 ? 10 : 100)}.png`);

test("an epoch has the longer list's length; samples that fill no batch are left out", async ({ filesA, filesB }) => {
  const dataset = new UnalignedDataset(options(filesA, filesB));
  assert.equal([dataset.length, dataset.batchesPerEpoch], [7, 3]);
  const batches = await collect(dataset, 1);
  assert.is(batches.length, 3);
  const seen = names(batches, "A");
  assert.is(new Set(seen).size, 6);
  for (const batch of batches) {
    assert.equal([batch.height, batch.width], [8, 8]);
    assert.is(batch.A.length, 2 * 3 * 8 * 8);
    assert.is(batch.B.length, 2 * 3 * 8 * 8);
  }
});

test("each epoch has its own order, and B is drawn anew; the seed fixes both", async ({ filesA, filesB }) => {
  const run = async (seed: number, epoch: number) => {
    const batches = await collect(new UnalignedDataset(options(filesA, filesB, { seed, batch_size: 1 })), epoch);
    return [names(batches, "A").join(), names(batches, "B").join()];
  };
  const first = await run(1, 1);
  assert.ok(new Set(first[1].split(",")).size > 1);
  assert.equal(await run(1, 1), first);
  for (const [seed, epoch] of [
    [1, 2],
    [2, 1],
  ]) {
    const other = await run(seed, epoch);
    assert.is.not(other[0], first[0]);
    assert.is.not(other[1], first[1]);
  }
});

test("the shorter list goes round", async ({ filesA, filesB }) => {
  const seen = names(await collect(new UnalignedDataset(options(filesB, filesA, { batch_size: 1 })), 1), "A");
  assert.equal([...seen].sort(), ["0.png", "0.png", "1.png", "1.png", "2.png", "2.png", "3.png"]);
});

test("serial_batches keeps the order of the lists and pairs by index", async ({ filesA, filesB }) => {
  const batches = await collect(new UnalignedDataset(options(filesA, filesB, { serial_batches: true })), 3);
  assert.equal(
    names(batches, "A"),
    [0, 1, 2, 3, 4, 5].map((i) => `${i}.png`),
  );
  assert.equal(
    names(batches, "B"),
    [0, 1, 2, 3, 0, 1].map((i) => `${i}.png`),
  );
});

test("BtoA makes B the source, with the source's channels", async ({ filesA, filesB }) => {
  const change = { direction: "BtoA" as const, input_nc: 1 as const };
  const [batch] = await collect(new UnalignedDataset(options(filesA, filesB, change)), 1);
  assert.ok(levels([batch], "A", 1).every((level) => level >= 100));
  assert.ok(levels([batch], "B").every((level) => level < 100));
  assert.equal([batch.A.length, batch.B.length], [2 * 64, 2 * 192]);
});

test("a run that is resumed at batch k sees the rest of the epoch exactly", async ({ folder }) => {
  // Pictures with content, so that crops and flips show.
  const noisy = async (name: string) => {
    const file = join(folder, "noisy", name);
    await mkdir(join(folder, "noisy"), { recursive: true });
    await sharp({
      create: {
        width: 14,
        height: 14,
        channels: 3,
        background: "gray",
        noise: { type: "gaussian", mean: 128, sigma: 40 },
      },
    })
      .png()
      .toFile(file);
    return file;
  };
  const files = await Promise.all(["a.png", "b.png", "c.png", "d.png", "e.png"].map(noisy));
  const bad = join(folder, "noisy", "bad.png");
  await writeFile(bad, "");
  const chosen = options([files[0], bad, ...files.slice(1)], files, { batch_size: 1, load_size: 12 });
  const whole = await collect(new UnalignedDataset(chosen), 2);
  assert.is(whole.length, 6);
  for (const from of [0, 1, 4, 6])
    assert.equal(await collect(new UnalignedDataset(chosen), 2, from), whole.slice(from));
  // And the epochs differ in their crops: no two batches of the same pictures are alike.
  const next = await collect(new UnalignedDataset(chosen), 3);
  assert.is(next.filter((batch) => whole.some((other) => other.A.every((v, i) => v === batch.A[i]))).length, 0);
});

/** A picture of columns 0, 16, 32, ...: the first value of a crop tells where it was cut. */
async function ramp(folder: string): Promise<string> {
  const file = join(folder, "ramp.png");
  const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => 16 * (Math.floor(i / 3) % 16));
  await sharp(data, { raw: { width: 16, height: 16, channels: 3 } })
    .png()
    .toFile(file);
  return file;
}

test("in the decay phase pictures are scaled to the crop and not cropped", async ({ folder }) => {
  const file = await ramp(folder);
  const dataset = new UnalignedDataset(options([file], [file], { batch_size: 1, load_size: 16, no_flip: true }));
  const spread = async (epoch: number) => {
    const [{ A }] = await collect(dataset, epoch);
    return A[7] - A[0];
  };
  // Eight columns are half of the ramp when cropped and all of it when scaled.
  assert.ok((await spread(5)) < 1 && (await spread(6)) > 1.5);
});

test("samples of an epoch, and A and B of a sample, are cropped independently", async ({ folder }) => {
  const file = await ramp(folder);
  const files = new Array<string>(12).fill(file);
  const batches = await collect(new UnalignedDataset(options(files, files, { batch_size: 1, load_size: 16 })), 1);
  assert.ok(new Set(batches.map((batch) => batch.A[0])).size > 3);
  assert.ok(batches.filter((batch) => batch.A[0] === batch.B[0]).length < 6);
});

test("a picture that cannot be decoded is skipped: told once, counted, and another of the list stands in", async ({
  folder,
  filesA,
  filesB,
}) => {
  const bad = join(folder, "A", "bad.png");
  await writeFile(bad, "not a picture");
  const told: string[] = [];
  const onSkip = (path: string, reason: string) => told.push(`${basename(path)}: ${reason}`);
  const files = [filesA[0], bad, ...filesA.slice(1)];
  const dataset = new UnalignedDataset(options(files, filesB, { serial_batches: true, batch_size: 4, onSkip }));
  for (const epoch of [1, 2]) {
    const batches = await collect(dataset, epoch);
    const [first, standIn, ...rest] = names(batches, "A");
    assert.match(standIn, /^[0-6]\.png$/);
    assert.equal(
      [first, ...rest],
      [0, 1, 2, 3, 4, 5, 6].map((i) => `${i}.png`),
    );
  }
  assert.is(told.length, 1);
  assert.match(told[0], /^bad\.png: .*bad\.png cannot be read as a picture/);
  assert.is(dataset.skipped, 1);
});

test("a stretch of broken files does not make its neighbour most of an epoch, and a resumed run sees the same", async ({
  folder,
  filesA,
  filesB,
}) => {
  const broken = Array.from({ length: 30 }, (_, i) => join(folder, "gone", `${i}.png`));
  const chosen = options([...broken, ...filesA], filesB, { batch_size: 1 });
  const dataset = new UnalignedDataset(chosen);
  const seen: string[] = [];
  for (const epoch of [1, 2, 3]) seen.push(...names(await collect(dataset, epoch), "A"));
  const shares = filesA.map((file) => seen.filter((name) => name === basename(file)).length / seen.length);
  assert.ok(Math.max(...shares) < 0.3 && Math.min(...shares) > 0.05, String(shares));
  // Nothing is known yet of what is broken where a run goes on.
  assert.equal(names(await collect(new UnalignedDataset(chosen), 3, 20), "A"), seen.slice(2 * 37 + 20));
});

test("the only sound picture of a list is found", async ({ folder, filesA, filesB }) => {
  const broken = Array.from({ length: 9 }, (_, i) => join(folder, "gone", `${i}.png`));
  const batches = await collect(new UnalignedDataset(options([...broken, filesA[0]], filesB, { batch_size: 1 })), 1);
  assert.equal(names(batches, "A"), new Array(10).fill("0.png"));
});

test("when none of a domain can be decoded, the run ends with one of the reasons", async ({ folder, filesA }) => {
  const bad = [join(folder, "bad1.png"), join(folder, "bad2.png")];
  for (const file of bad) await writeFile(file, "");
  const error = await refusal(collect(new UnalignedDataset(options(filesA, bad)), 1));
  assert.match(error.message, /None of the 2 pictures .*bad1\.png.*the file is empty/);
});

test("pictures of unequal sizes cannot share a batch; both are named", async ({ folder, filesB }) => {
  const other = await flat(join(folder, "wide.png"), 1, 20, 12);
  const chosen = options([other], filesB, { preprocess: "none", batch_size: 1 });
  const error = await refusal(collect(new UnalignedDataset(chosen), 1));
  assert.match(error.message, /wide\.png \(20 x 12 pixels\) and .*B.\d\.png \(12 x 8\)/);
  assert.match(error.fix, /resize_and_crop/);
});

test("a picture smaller than the crop ends the run and is not skipped", async ({ folder, filesB }) => {
  const small = await flat(join(folder, "small.png"), 1, 6, 6);
  const error = await refusal(collect(new UnalignedDataset(options([small], filesB, { preprocess: "crop" })), 1));
  assert.match(error.message, /small\.png is 6 x 6 pixels/);
});

test("an empty list and a batch larger than an epoch are refused", ({ filesA, filesB }) => {
  assert.throws(() => new UnalignedDataset(options([], filesB)), /no pictures/);
  assert.throws(
    () => new UnalignedDataset(options(filesA, filesB, { batch_size: 8 })),
    /7 samples, fewer than the batch size 8/,
  );
});

test("scaled pictures are kept within the budget, so that files are read once", async ({ folder, filesB }) => {
  const files = await Promise.all([0, 1, 2].map((i) => flat(join(folder, "cached", `${i}.png`), i)));
  const bytes = 10 * 10 * 3;
  const chosen = options(files, [filesB[0]], { batch_size: 1, serial_batches: true });
  // Room for two of the four; which they are depends on which file is read first.
  const small = new UnalignedDataset({ ...chosen, cacheBytes: 2 * bytes });
  const large = new UnalignedDataset(chosen);
  await collect(small, 1);
  await collect(large, 1);
  await rm(join(folder, "cached"), { recursive: true });
  assert.equal(names(await collect(large, 2), "A"), ["0.png", "1.png", "2.png"]);
  await collect(small, 2);
  assert.is(large.skipped, 0);
  assert.ok(small.skipped >= 1);
});

test("stopping in the middle of an epoch leaves nothing unhandled", async ({ filesA, filesB }) => {
  const dataset = new UnalignedDataset(options([...filesA, "gone.png"], filesB, { batch_size: 1 }));
  for await (const _ of dataset.batches({ epoch: 1 })) break;
  assert.is((await collect(dataset, 1)).length, 8);
});

test.run();
