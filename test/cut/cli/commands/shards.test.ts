// `translate --shard` and `merge`: parts of a folder by as many processes give what one process gives; whatever ends a
// part, it goes on where it was; and what docs/many-machines.md says to type works.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readManifests } from "../../../../cut/files/shard-manifest.js";
import { assertRefused, assertStatus, cutgpu, makePicture, projectFolder } from "../../../support/command.js";
import { runDocumentLines } from "../../../support/document-lines.js";
import { decodedPictures } from "../../../support/translations.js";

const test = suite("shards");

const PICTURES = 7;
let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const model = join(projectFolder, "test/goldens/data/latest_net_G.pth");
const translate = (out: string, ...more: string[]) =>
  cutgpu(["translate", "--model", model, "--in", "photos", "--out", out, ...more], { cwd: folder });
const merge = (out: string) => cutgpu(["merge", out], { cwd: folder });

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-shards-"));
  for (let i = 0; i < PICTURES; i++) await makePicture(at("photos", `${i}.png`), { seed: i });
  assertStatus(await translate("whole"), 0);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("parts give together what one process gives, and merge says what is missing until then", async () => {
  assertStatus(await translate("parts", "--shard", "2/3"), 0);
  assertRefused(await merge("parts"), 1, /5 pictures missing, 0 failed; run these again: --array=1,3$/);
  assertStatus(await translate("parts", "--shard", "1/3"), 0);
  assertStatus(await translate("parts", "--shard", "3/3"), 0);
  const merged = await merge("parts");
  assertStatus(merged, 0);
  assert.match(merged.stdout, "7 of 7 pictures done by 3 shards");
  assert.equal(await decodedPictures(at("parts")), await decodedPictures(at("whole")));
  const { entries } = JSON.parse(readFileSync(at("parts/manifest.json"), "utf8"));
  assert.equal(
    entries.map(({ source }: { source: string }) => source),
    readdirSync(at("photos")).sort(),
  );
});

test("a part that was killed goes on, and what it has done is not done again", async () => {
  const one = ["--shard", "1/1"];
  const args = ["translate", "--model", model, "--in", "photos", "--out", "killed", ...one];
  const onStart = (child: { kill(signal: NodeJS.Signals): boolean }) => {
    const waiting = setInterval(() => {
      if (done("killed") < 2) return;
      clearInterval(waiting);
      child.kill("SIGKILL");
    }, 1);
  };
  const killed = await cutgpu(args, { cwd: folder, onStart });
  assert.is(killed.signal, "SIGKILL");
  const before = done("killed");
  assert.ok(before < PICTURES, "it was killed too late to show anything");
  // A crash in the middle of a line.
  const manifest = at("killed/manifests/1-of-1.jsonl");
  writeFileSync(manifest, `${readFileSync(manifest, "utf8")}{"source":"6.p`);
  const resumed = await translate("killed", ...one);
  assertStatus(resumed, 0);
  assert.match(resumed.stdout, `${PICTURES - before} pictures written to killed, ${before} were there before`);
  assertStatus(await merge("killed"), 0);
  assert.equal(await decodedPictures(at("killed")), await decodedPictures(at("whole")));
  // A picture that is another by now, and a result that is gone, are done again.
  const kept = readFileSync(at("photos/3.png"));
  await makePicture(at("photos", "3.png"), { seed: 99 });
  rmSync(at("killed/4.png"));
  assertRefused(await merge("killed"), 1, /1 picture missing, 0 failed; run these again: --array=1$/);
  assert.match((await translate("killed", ...one)).stdout, "2 pictures written to killed, 5 were there before");
  writeFileSync(at("photos/3.png"), kept);
  // Without its first line a manifest is none, and begins anew.
  writeFileSync(manifest, '{"source":"6.p');
  assert.match((await translate("killed", ...one)).stdout, `${PICTURES} pictures written to killed\n`);
  assertStatus(await merge("killed"), 0);
});

/** How many pictures the manifests in a folder tell of. */
const done = (out: string) => readManifests(at(out)).reduce((sum, { entries }) => sum + entries.size, 0);

test("a part whose device was lost says so in one sentence and goes on when it is run again", async () => {
  const args = ["translate", "--model", model, "--in", "photos", "--out", "lost", "--shard", "1/1"];
  const around = { cwd: folder, preload: "support/lose-device.js", env: { LOSE_AT: "7" } };
  assertRefused(
    await cutgpu(args, around),
    1,
    /^cutgpu translate: the GPU device was lost.* after [1-6] of 7 pictures; run it again to go on with the others\.$/,
  );
  const before = done("lost");
  assert.is(readdirSync(at("lost")).filter((name) => name.endsWith(".png")).length, before);
  const resumed = await cutgpu(args, { cwd: folder });
  assertStatus(resumed, 0);
  assert.match(resumed.stdout, `${PICTURES - before} pictures written to lost, ${before} were there before`);
  assert.equal(await decodedPictures(at("lost")), await decodedPictures(at("whole")));
});

test("a broken picture is named by its part and by merge, and tried again", async () => {
  const sound = readFileSync(at("photos/2.png"));
  writeFileSync(at("photos/2.png"), sound.subarray(0, 60));
  assertStatus(await translate("broken", "--shard", "1/2"), 1);
  assertStatus(await translate("broken", "--shard", "2/2"), 0);
  const merged = await merge("broken");
  assertRefused(merged, 1, /shards 1 of 2 are not whole: 0 pictures missing, 1 failed; run these again: --array=1$/);
  assert.match(merged.stdout, /failed: 2.png: .*cannot be read as a picture/);
  writeFileSync(at("photos/2.png"), sound);
  assert.match(
    (await translate("broken", "--shard", "1/2")).stdout,
    "1 picture written to broken, 3 were there before",
  );
  assertStatus(await merge("broken"), 0);
});

test("the part is the array task's or the completion index, of as many as --shards says", async () => {
  const told = (env: NodeJS.ProcessEnv) =>
    cutgpu(["translate", "--model", model, "--in", "photos", "--out", "told", "--shards", "7"], { cwd: folder, env });
  assertStatus(await told({ SLURM_ARRAY_TASK_ID: "2" }), 0);
  assertStatus(await told({ JOB_COMPLETION_INDEX: "4" }), 0);
  assert.equal(readdirSync(at("told/manifests")).sort(), ["2-of-7.jsonl", "5-of-7.jsonl"]);
  assertRefused(
    await told({ SLURM_ARRAY_TASK_ID: "0" }),
    2,
    /SLURM_ARRAY_TASK_ID 0 is none of 7 parts; use --array=1-7/,
  );
  assertRefused(await told({}), 2, /--shards 7 does not say which/);
});

test("parts that there are not, and manifests of something else, are refused in one sentence", async () => {
  assertRefused(await translate("x", "--shard", "5/4"), 2, /--shard 5\/4 is none of 4 parts; count from 1\/N to N\/N/);
  assertRefused(await translate("x", "--shard", "0/3"), 2, /--shard 0\/3 is none of 3 parts/);
  assertRefused(await translate("x", "--shard", "third"), 2, /--shard must be I\/N, as in 3\/10/);
  assertRefused(await translate("x", "--shard", "1/2", "--shards", "2"), 2, /give one of them/);
  const single = ["translate", "--model", model, "--in", "photos/1.png", "--out", "x", "--shard", "1/2"];
  assertRefused(await cutgpu(single, { cwd: folder }), 2, /--shard is of folders and --in .* is a file/);
  assertRefused(await merge("whole"), 1, /whole holds no manifests of shards/);
  assert.not(existsSync(at("x")));
  assertRefused(await translate("parts", "--shard", "1/4"), 1, /1-of-3.jsonl is of 3 shards; give another --out/);
  assertRefused(await translate("parts", "--shard", "1/3", "--size", "16"), 1, /1-of-3.jsonl is of another --size/);
  await makePicture(at("photos", "new.png"));
  assertRefused(await translate("parts", "--shard", "1/3"), 1, /lists 7 pictures where the folder now has 8/);
  rmSync(at("photos/new.png"));
});

test("of two processes with one part the second ends, and an old lock from elsewhere does not hold", async () => {
  const lock = at("parts/manifests/1-of-3.lock");
  const held = (host: string, pid: number) => JSON.stringify({ host, pid, started: startOf(pid) });
  writeFileSync(lock, held(hostname(), process.pid));
  assertRefused(
    await translate("parts", "--shard", "1/3"),
    1,
    /shard 1 of 3 is being done by another process \(process/,
  );
  writeFileSync(lock, held("elsewhere", 1));
  assertRefused(await translate("parts", "--shard", "1/3"), 1, /on elsewhere/);
  execFileSync("touch", ["-d", "11 minutes ago", lock]);
  assertStatus(await translate("parts", "--shard", "1/3"), 0);
  assert.not(existsSync(lock));
});

/** The start time of a process, as locks keep it. */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

for (const tool of ["xargs", "parallel"]) {
  if (spawnSync(tool, ["--version"]).error) continue;
  test(`the lines of docs/many-machines.md for ${tool} translate the folder`, async () => {
    const out = `by-${tool}`;
    runDocumentLines(new RegExp(` ${tool} .* translate `), folder, { "model.safetensors": model, painted: out });
    assert.equal(await decodedPictures(at(out)), await decodedPictures(at("whole")));
  });
}

test.run();
