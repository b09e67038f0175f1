// What bad input gets: one error message that says what, where and what to do, status 2 for a command line that makes
// no sense and 1 for a job that failed, no stack trace, and nothing half-written.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serializeSafetensors } from "../../../engine/formats/safetensors.js";
import {
  assertRefused,
  assertStatus,
  type CommandResult,
  type CommandSurroundings,
  cutgpu,
  distFolder,
  makeDataset,
  makePicture,
  projectFolder,
  tiny,
} from "../../support/command.js";

const test = suite("bad input");

let folder: string;
/** What stands in the folder before the first command. */
let prepared: (string | Buffer)[];
const at = (...path: string[]) => join(folder, ...path);
const published = join(projectFolder, "test/goldens/data/latest_net_G.pth");

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-bad-"));
  await makeDataset(at("data"), 2);
  mkdirSync(at("empty/trainA"), { recursive: true });
  mkdirSync(at("empty/trainB"), { recursive: true });
  writeFileSync(at("empty/trainA/notes.txt"), "no picture");
  mkdirSync(at("half/trainA"), { recursive: true });
  await makePicture(at("half/trainA/a.png"));
  for (const side of ["trainA", "trainB"]) {
    mkdirSync(at("broken", side), { recursive: true });
    writeFileSync(at("broken", side, "broken.png"), "this is no picture");
  }
  writeFileSync(at("a-file"), "in the way");
  const model = readFileSync(published);
  writeFileSync(at("truncated.pth"), model.subarray(0, model.length - 1000));
  writeFileSync(at("noise.pth"), "this is no model, whatever its name says");
  writeFileSync(at("nothing.safetensors"), "");
  writeFileSync(at("malicious.pth"), maliciousPickle());
  const other = { dtype: "F32" as const, shape: [2], data: Float32Array.of(1, 2) };
  writeFileSync(
    at("other.safetensors"),
    serializeSafetensors({ tensors: new Map([["layer.weight", other]]), metadata: {} }),
  );
  writeFileSync(at("huge.pth"), "");
  truncateSync(at("huge.pth"), 3 * 2 ** 30);
  symlinkSync(at("data/trainA"), at("linked"));
  mkdirSync(at("links"));
  symlinkSync(at("data/trainA/a0.png"), at("links/a0.png"));
  mkdirSync(at("theirs"));
  writeFileSync(at("theirs/report.html"), "their own");
  await makePicture(at("seen/input.png"));
  prepared = readdirSync(folder, { recursive: true }).sort();
  const queue = [...cases];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [name, args] = next;
      const result = cutgpu(args, { cwd: folder });
      results.set(name, result);
      await result;
    }
  };
  await Promise.all([lane(), lane(), lane()]);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A legacy .pth whose first object is os.system("touch pwned"): protocol 2, GLOBAL, one string, TUPLE1, REDUCE. */
function maliciousPickle(): Uint8Array {
  const text = new TextEncoder();
  const argument = text.encode("touch pwned");
  return Uint8Array.of(
    ...[0x80, 2, ...text.encode("cos\nsystem\n"), 0x58, argument.length, 0, 0, 0, ...argument],
    ...[0x85, 0x52, 0x2e],
  );
}

/** The command is refused, and leaves the folder as it was. */
async function refused(args: string[], status: number, said: RegExp, around: CommandSurroundings = {}): Promise<void> {
  const before = readdirSync(folder, { recursive: true }).sort();
  assertRefused(await cutgpu(args, { cwd: folder, ...around }), status, said);
  assert.equal(readdirSync(folder, { recursive: true }).sort(), before, "nothing is written");
}

let runs = 0;
/** A training in a place of its own, since some are tried at the same time. */
const train = (...args: string[]) => {
  runs++;
  return ["train", "--dataroot", "data", "--name", "bad", "--runs_dir", `runs-${runs}`, ...tiny, ...args];
};
const translate = (model: string, input = "data/trainA", out = "out") => [
  ...["translate", "--model", model, "--in", input, "--out", out],
];

const exporting = (out: string, model = published) => ["export", "--model", model, "--out", out];

const cases: [name: string, args: string[], status: number, said: RegExp][] = [
  ["a command that is not there", ["trian"], 2, /^cutgpu: there is no command trian, did you mean train\?$/],
  ["an unknown option", train("--lambda_nec", "3"), 2, /there is no option --lambda_nec, did you mean --lambda_NCE\?/],
  ["an option without its value", train("--seed"), 2, /--seed needs a value/],
  ["no dataroot", ["train", "--name", "bad"], 2, /--dataroot is missing/],
  ["a value out of range", train("--nce_T", "0"), 2, /--nce_T must be a number above 0, not 0/],
  ["a value of another kind", train("--ngf", "many"), 2, /--ngf must be a whole number of at least 1, not "many"/],
  [
    "options in conflict",
    train("--crop_size", "32"),
    2,
    /crop_size 32 does not fit into load_size 20: raise load_size/,
  ],
  ["channels that differ", train("--input_nc", "1"), 2, /input_nc 1 and output_nc 3 differ/],
  ["a missing data folder", [...train(), "--dataroot", "nowhere"], 1, /no folder nowhere.trainA\. Give a folder/],
  ["a folder without pictures", [...train(), "--dataroot", "empty"], 1, /no picture in empty.trainA\. Give/],
  ["half of a data set", [...train(), "--dataroot", "half"], 1, /no folder half.trainB\. Give/],
  [
    "a batch larger than the data",
    train("--batch_size", "9"),
    1,
    /fewer than the batch size 9\. Use a batch_size of 2/,
  ],
  ["nothing to go on with", train("--continue_train"), 1, /there is no run bad in runs-\d+; check --name/],
  ["runs in a place that is a file", train("--runs_dir", "a-file"), 1, /cannot write a-file.*; /],
  ["no model", translate("nowhere"), 1, /there is no model nowhere; give a run folder, /],
  ["a folder without a model", translate("data"), 1, /data holds neither latest\.safetensors nor/],
  ["no input", translate(published, "nowhere"), 1, /there is no nowhere; give a picture or a folder/],
  [
    "a folder into one picture",
    translate(published, "data/trainA", "x.png"),
    2,
    /--out x\.png is one picture and --in/,
  ],
  ["output over the input", translate(published, "data/trainA", "data/trainA"), 2, /would write over the pictures/],
  ["output in a place that is a file", translate(published, "data/trainA", "a-file/x"), 1, /cannot write a-file.x: /],
  ["a size that is none", [...translate(published), "--size", "5"], 2, /--size must be native or a number of pixels/],
  [
    "an export of no known kind",
    ["export", "--model", published, "--out", "x.tflite"],
    2,
    /--out must be a file name that/,
  ],
  ["an export in a place that is a file", exporting("a-file/x.pth"), 1, /cannot write a-file: a part of the path/],
  ["an export over its model", exporting("other.safetensors", "other.safetensors"), 2, /would write over --model/],
  ["a model of gigabytes", ["export", "--model", "huge.pth", "--out", "x.pth"], 1, /huge\.pth has 3\.0 GiB, and files/],
  ["output over a picture", translate(published, "data/trainA/a0.png", "data/trainA"), 2, /over --in data.trainA.a0/],
  ["output over linked pictures", translate(published, "links", "data/trainA"), 2, /over the pictures of --in links;/],
  ["output into a linked folder", translate(published, "data/trainA", "linked"), 2, /over the pictures of --in data/],
  ["a kind that cannot be written", translate(published, "data/trainA/a0.png", "x.WebP"), 2, /cannot be .* as \.WebP;/],
  [
    "several pictures",
    [...translate(published), "--in", "a.png", "b.png"],
    2,
    /--in takes one value.*: give the folder/,
  ],
  [
    "a size that no adapter holds",
    [...translate(published, "data/trainA/a0.png", "data"), "--size", "99999"],
    1,
    /1 of 1/,
  ],
  [
    "pictures scaled beyond all memory",
    train("--load_size", "99999"),
    1,
    /99999 x 99999 pixels is too large to be held/,
  ],
  ["a run among its pictures", train("--runs_dir", "data/trainB"), 2, /would lie among the pictures of data.trainB;/],
  [
    "a folder that is no run's",
    train("--runs_dir", ".", "--name", "theirs"),
    1,
    /theirs is no run and holds report\.html; choose another --name/,
  ],
  [
    "an inspection over its picture",
    ["inspect", "--model", published, "--in", "seen/input.png", "--out", "seen"],
    2,
    /--out seen would write over --in seen.input\.png;/,
  ],
  [
    "an inspection into a file",
    ["inspect", "--model", published, "--in", "data/trainA/a0.png", "--out", "a-file"],
    1,
    /cannot write a-file: a part of the path is not a folder/,
  ],
  ["rows over the baseline", ["bench", "--baseline", "a-file", "--json", "a-file"], 2, /over --baseline a-file;/],
  ["a report in a place that is a file", ["bench", "--report", "a-file/x.html"], 1, /cannot write a-file: /],
  ["a truncated model", ["export", "--model", "truncated.pth", "--out", "x.pth"], 1, /truncated\.pth is truncated or/],
  ["a malicious pickle", ["export", "--model", "malicious.pth", "--out", "x.pth"], 1, /malicious\.pth .*os\.system/],
  ["a file that is no model", ["export", "--model", "noise.pth", "--out", "x.pth"], 1, /noise\.pth is not a /],
  [
    "an empty model",
    ["export", "--model", "nothing.safetensors", "--out", "x.pth"],
    1,
    /nothing\.safetensors is empty/,
  ],
  [
    "another network",
    ["export", "--model", "other.safetensors", "--out", "x.pth"],
    1,
    /no ResNet generator.*layer\.weight/,
  ],
];

/** Results by case; three run at a time, because a process spends much of its time on reading its modules. */
const results = new Map<string, Promise<CommandResult>>();

for (const [name, , status, said] of cases) {
  test(name, async () => assertRefused((await results.get(name)) as CommandResult, status, said));
}

test("a size beyond memory is told of the picture, before anything is scaled", async () => {
  const { stderr } = (await results.get("a size that no adapter holds")) as CommandResult;
  assert.match(stderr, /^data.trainA.a0\.png: a picture of 99999 x 99999 pixels is too large to be held; .*--size/m);
});

test("none of these has written anything", async () => {
  await Promise.all(results.values());
  assert.equal(readdirSync(folder, { recursive: true }).sort(), prepared);
});

test("a translation with a file that is no model writes nothing", () =>
  refused(translate("noise.pth"), 1, /noise\.pth is not a /));

test("pictures smaller than the crop are named", () =>
  refused(
    train("--preprocess", "crop", "--crop_size", "64"),
    1,
    /data.train[AB].\S+ is 24 x 24 pixels .*smaller than the crop of 64/,
  ));

test("one picture smaller than the crop is named before the first step, though its turn would come later", async () => {
  cpSync(at("data"), at("uneven"), { recursive: true });
  for (let i = 0; i < 40; i++) cpSync(at("data/trainA/a0.png"), at(`uneven/trainA/c${i}.png`));
  await makePicture(at("uneven/trainA/c20.png"), { width: 24, height: 12 });
  const args = ["--dataroot", "uneven", "--preprocess", "crop", "--crop_size", "16"];
  const result = await cutgpu([...train(), ...args], { cwd: folder });
  assertRefused(result, 1, /uneven.trainA.c20\.png is 24 x 12 pixels .*smaller than the crop of 16/);
  assert.not.match(result.stderr, "training ");
});

test("a data set of broken pictures is refused, each being named", async () => {
  const result = await cutgpu([...train(), "--dataroot", "broken"], { cwd: folder });
  assertRefused(result, 1, /None of the 1 pictures of a domain can be read; broken.train[AB].broken\.png/);
  assert.match(result.stderr, /skipped broken.train[AB].broken\.png: /);
  assert.not.ok(readdirSync(folder).some((name) => name.startsWith("runs")));
});

test("a broken picture among sound ones is skipped, named and counted", async () => {
  cpSync(at("data"), at("mixed"), { recursive: true });
  writeFileSync(at("mixed/trainA/a0.png"), readFileSync(at("data/trainA/a0.png")).subarray(0, 60));
  // An empty testA, of which samples are taken, is no reason not to train.
  rmSync(at("mixed/testA/held-out.png"));
  const args = [
    "train",
    "--dataroot",
    "mixed",
    "--name",
    "mixed",
    ...tiny,
    "--max_steps",
    "4",
    "--preprocess",
    "resize",
  ];
  const result = await cutgpu(args, { cwd: folder });
  assertStatus(result, 0);
  assert.is(result.stderr.match(/skipped mixed.trainA.a0\.png: /g)?.length, 1, result.stderr);
  assert.match(result.stderr, /^1 pictures? could not be read and/m);
  assert.match(result.stderr, /^note: without a crop, pictures are scaled to load_size 20 until epoch 200 and to /m);
  assert.equal(readdirSync(at("runs/mixed/samples")).sort(), ["0000000_a1.png", "0000004_a1.png"]);
});

test("a checkpoint of another architecture, a truncated one, and a setting that cannot change", async () => {
  const go = (...args: string[]) => ["train", "--continue_train", "--name", "mixed", ...args];
  await refused(go("--ngf", "8"), 2, /this run was started with ngf 4 and cannot go on with ngf 8; leave out --ngf/);
  await refused(
    train("--runs_dir", "runs", "--name", "mixed"),
    1,
    /runs.mixed already holds a run; add --continue_train/,
  );
  await refused(
    train("--runs_dir", "runs", "--pretrained_name", "mixed", "--ngf", "8"),
    1,
    /mixed.latest\.safetensors holds networks of another architecture: G\.model\.1\.weight is \[4,3,7,7\]/,
  );
  const path = at("runs/mixed/latest.safetensors");
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length - 10));
  await refused(go(), 1, /mixed.latest\.safetensors is truncated/);
  assert.is(readFileSync(path).length, whole.length - 10);
});

test("a tensor that is too large for the adapter: its layer and the option to lower", () =>
  refused(train(), 1, /G\.model\.\d+.* needs .* MiB in one buffer and this adapter allows .*; lower --crop_size/, {
    preload: "support/small-limits.js",
  }));

test("no adapter: what to install", async () => {
  // A copy of the command where the package with the software driver is not installed, and no driver of the system's.
  const copy = mkdtempSync(join(tmpdir(), "cutgpu-copy-"));
  for (const part of ["engine", "shaders", "cut", "bench", "bin"])
    cpSync(join(distFolder, part), join(copy, "dist", part), { recursive: true });
  cpSync(join(projectFolder, "package.json"), join(copy, "package.json"));
  const packages = join(projectFolder, "node_modules");
  for (const name of readdirSync(packages)) {
    if (name === "@sparticuz" || name.startsWith(".")) continue;
    mkdirSync(dirname(join(copy, "node_modules", name)), { recursive: true });
    symlinkSync(join(packages, name), join(copy, "node_modules", name));
  }
  const nothing = at("no-driver.json");
  const around = {
    main: join(copy, "dist/bin/main.js"),
    env: { VK_ICD_FILENAMES: nothing, VK_DRIVER_FILES: nothing },
  };
  await refused(train(), 1, /no WebGPU adapter was found.*; .*driver/, around);
  await refused(translate(published), 1, /no WebGPU adapter was found/, around);
  const examined = await cutgpu(["doctor", "--json"], around);
  assertRefused(examined, 1, /^cutgpu doctor: no WebGPU adapter was found/);
  const { ok, adapter, findings } = JSON.parse(examined.stdout);
  assert.equal([ok, adapter], [false, null]);
  assert.match(findings[1].message, /VK_DRIVER_FILES names .*no-driver\.json/);
  const human = await cutgpu(["doctor"], around);
  assertStatus(human, 1);
  assert.match(human.stdout, /^verdict {2,}this machine cannot train as it is$/m);
  rmSync(copy, { recursive: true });
});

test.run();
