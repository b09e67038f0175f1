// The command line: how options may be typed, what mistakes get, exit statuses, help, and progress.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { parseArguments } from "../../../../cut/cli/terminal/arguments.js";
import { type CommandContext, defineCommand } from "../../../../cut/cli/terminal/command.js";
import { dispatch } from "../../../../cut/cli/terminal/dispatch.js";
import { commandHelp } from "../../../../cut/cli/terminal/help.js";
import { formatSeconds, formatSpeed, startProgress } from "../../../../cut/cli/terminal/progress.js";
import { completeOptions, flag, option, required, text, wholeNumber } from "../../../../cut/options/schema.js";
import { presets, trainSchema } from "../../../../cut/options/train-schema.js";
import { CutgpuError } from "../../../../engine/core/errors.js";

const train = (...argv: string[]) => parseArguments(trainSchema, argv).given;

test("values follow a space or an equals sign, names have dashes or underscores", () => {
  assert.equal(train("--n-epochs", "3", "--lr=1e-3", "--n_epochs_decay=4", "--netG", "resnet_6blocks"), {
    n_epochs: 3,
    lr: 1e-3,
    n_epochs_decay: 4,
    netG: "resnet_6blocks",
  });
  assert.equal(train("--dataroot=a=b"), { dataroot: "a=b" });
});

test("flags stand alone or take the reference's boolean words", () => {
  for (const argv of [
    ["--nce_idt"],
    ["--nce_idt=true"],
    ["--nce-idt", "True"],
    ["--nce_idt", "1"],
    ["--nce_idt=yes"],
  ]) {
    assert.equal(train(...argv), { nce_idt: true });
  }
  for (const argv of [["--nce_idt=false"], ["--nce_idt", "False"], ["--nce-idt", "0"], ["--nce_idt", "no"]]) {
    assert.equal(train(...argv), { nce_idt: false });
  }
  assert.equal(train("--no-flip", "--no_antialias", "--name", "x"), { no_flip: true, no_antialias: true, name: "x" });
});

test("lists have commas; none and inf lift a limit", () => {
  assert.equal(train("--nce_layers", "0,4,8"), { nce_layers: [0, 4, 8] });
  assert.equal(train("--max_dataset_size", "inf", "--max_steps", "none"), { max_dataset_size: null, max_steps: null });
});

test("the last of a repeated option counts", () => {
  assert.equal(train("--lr", "1", "--lr", "2"), { lr: 2 });
});

test("mistakes are named, with the nearest option", () => {
  assert.throws(() => train("--n_epoch", "3"), /^there is no option --n_epoch, did you mean --n_epochs\?$/);
  assert.throws(() => train("--lamda_NCE=3"), /did you mean --lambda_NCE\?/);
  assert.throws(() => train("--netg", "x"), /did you mean --netG\?/);
  assert.throws(() => train("--zzzzzz"), /there is no option --zzzzzz \(--help lists them\)/);
  assert.throws(() => train("--lr"), /--lr needs a value: a number above 0/);
  assert.throws(() => train("--lr", "--no_flip"), /--lr needs a value/);
  assert.throws(() => train("--lr", "fast"), /lr must be a number above 0, not "fast"/);
  assert.throws(() => train("--lambda_NCE", "-1"), /lambda_NCE must be a number of at least 0, not -1/);
  assert.throws(() => train("--nce_layers", "0,x"), /nce_layers must be a list/);
  assert.throws(() => train("--no_flip=maybe"), /no_flip must be true or false, not "maybe"/);
  assert.throws(() => train("pictures"), /"pictures" is not an option/);
});

/** Runs `argv` on a command `fake` that does `work`. */
async function fakeRun(argv: string[], work: (given: object, context: CommandContext) => Promise<void>, debug = false) {
  const out: string[] = [];
  const err: string[] = [];
  const stop = new AbortController();
  const fake = defineCommand({
    name: "fake",
    summary: "pretend",
    usage: "--in FILE",
    options: v.strictObject({
      in: required("Files", text("FILE"), "what to read"),
      size: option("Files", wholeNumber({ min: 1 }), 8, "how large"),
      loud: option("Files", flag(), false, "say more"),
    }),
    run: async (given, context) => {
      completeOptions(fake.options, given);
      await work(given, context);
    },
  });
  const status = await dispatch(argv, {
    commands: { fake: { summary: "pretend", load: async () => ({ default: fake }) } },
    version: "1.2.3",
    signal: stop.signal,
    width: 80,
    debug,
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
  });
  return { status, out: out.join(""), err: err.join(""), stop };
}

const nothing = async () => {};

test("a job that was done ends with 0", async () => {
  let seen: object = {};
  const { status, err } = await fakeRun(["fake", "--in", "x"], async (given) => {
    seen = given;
  });
  assert.equal([status, err, seen], [0, "", { in: "x" }]);
});

test("a command line that makes no sense ends with 2", async () => {
  assert.equal(await fakeRun(["fake", "--sice", "1"], nothing).then(({ status, err }) => [status, err]), [
    2,
    "cutgpu fake: there is no option --sice, did you mean --size?\n",
  ]);
  assert.equal(await fakeRun(["fkae"], nothing).then(({ status, err }) => [status, err]), [
    2,
    "cutgpu: there is no command fkae, did you mean fake?\n",
  ]);
  const missing = await fakeRun(["fake"], nothing);
  assert.equal([missing.status, missing.err], [2, "cutgpu fake: --in is missing: what to read.\n"]);
  assert.is((await fakeRun([], nothing)).status, 2);
  assert.is((await fakeRun(["constructor"], nothing)).status, 2);
});

test("a job that failed ends with 1 and one sentence", async () => {
  const known = await fakeRun(["fake", "--in", "x"], async () => {
    throw new CutgpuError("X", "x is empty;", "put pictures into it.");
  });
  assert.equal([known.status, known.err], [1, "cutgpu fake: x is empty; put pictures into it.\n"]);
  const full = await fakeRun(["fake", "--in", "x"], async () => {
    throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write", path: "/out/a.png" });
  });
  assert.equal(
    [full.status, full.err],
    [1, "cutgpu fake: cannot write /out/a.png: the disk is full; free some space and run again.\n"],
  );
});

test("a defect says so, with its stack only on demand", async () => {
  const broken = async () => {
    throw new TypeError("x is not\n a function");
  };
  const plain = await fakeRun(["fake", "--in", "x"], broken);
  assert.is(plain.status, 1);
  assert.is(
    plain.err,
    "cutgpu fake: x is not a function; this is a defect: run again with CUTGPU_DEBUG=1 for details.\n",
  );
  assert.match((await fakeRun(["fake", "--in", "x"], broken, true)).err, /\n {4}at /);
});

test("an interrupted job ends with 130", async () => {
  const stop = new AbortController();
  const entry = defineCommand({
    name: "wait",
    summary: "wait",
    usage: "",
    options: v.strictObject({}),
    run: async (_, { signal }) => {
      stop.abort();
      signal.throwIfAborted();
    },
  });
  const status = await dispatch(["wait"], {
    commands: { wait: { summary: "wait", load: async () => ({ default: entry }) } },
    version: "",
    signal: stop.signal,
    width: 80,
    debug: false,
    print: () => {},
    printError: (line) => assert.unreachable(line),
  });
  assert.is(status, 130);
});

test("help lists commands and options without running anything", async () => {
  const general = await fakeRun(["--help"], nothing);
  assert.is(general.status, 0);
  assert.match(general.out, /fake {2,}pretend/);
  const help = await fakeRun(["fake", "--in", "x", "--help"], () => Promise.reject(new Error("it ran")));
  assert.is(help.status, 0);
  assert.match(help.out, /--in FILE {2,}what to read \(required\)/);
  assert.match(help.out, /--size N {2,}how large \(default 8\)/);
  assert.match((await fakeRun(["--version"], nothing)).out, "1.2.3");
});

test("the help of train shows headings, defaults and what presets change", () => {
  const command = defineCommand({ name: "train", summary: "", usage: "", options: trainSchema, presets, run: nothing });
  const help = commandHelp(command, 90);
  assert.match(help, "(default 1; FastCUT 10)");
  assert.match(help, "(default 0,4,8,12,16)");
  assert.match(help, "\nNetworks\n");
  for (const name of Object.keys(trainSchema.entries)) assert.match(help, new RegExp(`\n {2}--${name}( |\n)`));
  assert.ok(help.split("\n").every((line) => line.length <= 90 || line.includes("|")));
});

test("the executable answers help and mistakes", () => {
  const main = fileURLToPath(new URL("../../../../bin/main.js", import.meta.url));
  const run = (...argv: string[]) => spawnSync(process.execPath, [main, ...argv], { encoding: "utf8" });
  assert.match(run("--help").stdout, /train .*\n.*translate /);
  assert.match(run("--version").stdout, /^\d+\.\d+\.\d+\n$/);
  const mistake = run("trian");
  assert.equal([mistake.status, mistake.stderr], [2, "cutgpu: there is no command trian, did you mean train?\n"]);
});

test("seconds and speeds are told as people say them", () => {
  assert.equal([0, 59.4, 185, 7620, 273600, Number.POSITIVE_INFINITY].map(formatSeconds), [
    "0s",
    "59s",
    "3m05s",
    "2h07m",
    "3d04h",
    "?",
  ]);
  assert.equal([0, 0.25, 2, 1234].map(formatSpeed), ["-", "4.00 s each", "2.00/s", "1234/s"]);
});

test("off a terminal progress is a plain line now and then", () => {
  const lines: string[] = [];
  let time = 0;
  const stream = { isTTY: false, write: (line: string) => lines.push(line) } as unknown as NodeJS.WriteStream;
  const progress = startProgress({
    label: "training",
    total: 100,
    start: 20,
    everySeconds: 10,
    stream,
    now: () => time,
  });
  for (let step = 21; step <= 45; step++) {
    time += 1000;
    progress.update(step, `G_GAN ${step}`);
  }
  progress.log("skipped a.png");
  progress.stop();
  assert.equal(lines, [
    "training 30/100 (30%), 1.00/s, 1m10s left, G_GAN 30\n",
    "training 40/100 (40%), 1.00/s, 1m00s left, G_GAN 40\n",
    "skipped a.png\n",
    "training 45/100 (45%), 1.00/s, 55s left, G_GAN 45\n",
  ]);
});

test("where the text is due at certain steps, other lines go without it", () => {
  const lines: string[] = [];
  let time = 0;
  const progress = startProgress({
    label: "training",
    total: 16,
    textDue: (step) => step % 4 === 0,
    stream: { isTTY: false, write: (line: string) => lines.push(line) } as unknown as NodeJS.WriteStream,
    now: () => time,
  });
  for (let step = 1; step <= 16; step++) {
    time += step === 10 ? 11_000 : 1000;
    progress.update(step, `G_GAN ${step}`);
  }
  progress.stop();
  const shown = lines.map((line) => line.replace(/\(.*left/, "..."));
  assert.equal(shown, [
    "training 4/16 ..., G_GAN 4\n",
    "training 8/16 ..., G_GAN 8\n",
    "training 10/16 ...\n",
    "training 12/16 ..., G_GAN 12\n",
    "training 16/16 ..., G_GAN 16\n",
  ]);
});

test.run();
