// `cutgpu sweep`: runs from a file, each by its own name; what is done is not done again, one that fails does not stop
// the others, and what is wrong in the file is said with its line, before anything runs.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assertRefused, assertStatus, cutgpu, makeDataset, tiny } from "../../../support/command.js";

const test = suite("cutgpu sweep");

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const sweep = (file: string, ...more: string[]) => cutgpu(["sweep", file, ...more], { cwd: folder });

/** The options of tiny networks as lines of YAML. */
const common = ["dataroot: data", "max_steps: 2", "eval_freq: 2"].concat(
  tiny.flatMap((word, i) => (i % 2 === 0 ? [`${word.slice(2)}: ${tiny[i + 1]}`] : [])),
);
const options = `options:\n${common.map((line) => `  ${line}\n`).join("")}`;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-sweep-"));
  await makeDataset(at("data"), 4);
  writeFileSync(at("rates.yaml"), `${options}grid:\n  lr: [0.0002, 1e-3]\n  nce_idt: [true, false]\n`);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

const NAMES = ["lr=0.0002,nce_idt=true", "lr=0.0002,nce_idt=false", "lr=0.001,nce_idt=true", "lr=0.001,nce_idt=false"];

test("a grid is trained run by run, parts of it too, and compared on one page", async () => {
  assertStatus(await sweep("rates.yaml", "--shard", "1/2"), 0);
  assert.equal(readdirSync(at("runs/rates")).sort(), [NAMES[0], NAMES[2], "report.html"].sort());
  const whole = await sweep("rates.yaml");
  assertStatus(whole, 0);
  for (const name of [NAMES[0], NAMES[2]]) assert.match(whole.stdout, `trained to step 2 before: runs/rates/${name}`);
  const config = (name: string) => JSON.parse(readFileSync(at("runs/rates", name, "config.json"), "utf8"));
  assert.equal(
    NAMES.map((name) => config(name).lr),
    [0.0002, 0.0002, 0.001, 0.001],
  );
  assert.equal(
    NAMES.map((name) => config(name).nce_idt),
    [true, false, true, false],
  );
  const page = readFileSync(at("runs/rates/report.html"), "utf8");
  for (const name of NAMES) assert.match(page, `<a href="${encodeURI(name)}/report.html">`);
  // A curve of each in G, in NCE and in SWD; and the held-out picture with its translation by each.
  assert.is(page.match(/<section class="chart/g)?.length, 3);
  assert.is(page.match(/alt="held-out.png: lr=/g)?.length, NAMES.length);
});

test("the commands can be had instead, for any scheduler", async () => {
  const printed = await sweep("rates.yaml", "--print", "--shard", "2/2", "--runs_dir", "elsewhere");
  assertStatus(printed, 0);
  const lines = printed.stdout.trim().split("\n");
  assert.is(lines.length, 2);
  assert.match(
    lines[0],
    /^npx cutgpu train --name=lr=0.0002,nce_idt=false --runs_dir=elsewhere.rates --dataroot=data /,
  );
  assert.not(existsSync(at("elsewhere")));
  const [, , , ...words] = lines[0].split(" ");
  assertStatus(await cutgpu(["train", ...words], { cwd: folder }), 0);
});

test("a file that was changed changes its runs, or what cannot change is refused", async () => {
  const write = (head: string) => writeFileSync(at("edited.yaml"), `${head}runs:\n  - { lr: 0.001 }\n`);
  write(options);
  assertStatus(await sweep("edited.yaml"), 0);
  write(options.replace("max_steps: 2", "max_steps: 3"));
  assert.match((await sweep("edited.yaml")).stdout, "trained to step 3 in ");
  write(options.replace("options:", "options:\n  seed: 5"));
  const refused = await sweep("edited.yaml");
  assertStatus(refused, 1);
  assert.match(refused.stderr, /started with seed 0 and cannot go on with seed 5/);
});

test("a list of runs; one that fails is named at the end, and the others are trained", async () => {
  const list = "runs:\n  - { dataroot: nowhere, ngf: 2 }\n  - ngf: 2\n";
  writeFileSync(at("list.json"), "{}");
  writeFileSync(at("list.yml"), options + list);
  const result = await sweep("list.yml");
  assertStatus(result, 1);
  assert.match(result.stderr, /There is no folder nowhere/);
  assert.match(result.stderr, /cutgpu sweep: 1 of 2 runs did not end well: dataroot=nowhere,ngf=2;/);
  assert.ok(existsSync(at("runs/list/ngf=2/latest.safetensors")));
  assert.match(readFileSync(at("runs/list/report.html"), "utf8"), "ended with status 1");
});

test("a run that an alarm has ended is not resumed, and the page does not call it trained", async () => {
  const wild = options.replace("max_steps: 2", "stop_on: alarm\n  max_steps: 12");
  writeFileSync(at("wild.yaml"), `${wild}runs:\n  - { lr: 10000 }\n`);
  const state = () => readFileSync(at("runs/wild/report.html"), "utf8").match(/stopped by an alarm|trained/)?.[0];
  const steps = () => readFileSync(at("runs/wild/lr=10000/losses.jsonl"), "utf8").trim().split("\n").length;
  assertStatus(await sweep("wild.yaml"), 1);
  assert.is(state(), "stopped by an alarm");
  const before = steps();
  assert.ok(before < 12);
  const again = await sweep("wild.yaml");
  assertStatus(again, 1);
  assert.match(
    again.stderr,
    "stopped by an alarm before; to go on all the same: npx cutgpu train --continue_train --name",
  );
  assert.is(state(), "stopped by an alarm");
  assert.is(steps(), before);
  writeFileSync(at("wild.yaml"), `${wild.replace("stop_on: alarm", "stop_on: none")}runs:\n  - { lr: 10000 }\n`);
  await sweep("wild.yaml");
  assert.ok(steps() > before);
});

test("the page says how far runs of other processes are, and what runs of a list have from defaults", async () => {
  writeFileSync(at("mixed.yaml"), `${options}runs:\n  - { lambda_NCE: 2 }\n  - { nce_idt: false }\n  - {}\n`);
  assertStatus(await sweep("mixed.yaml", "--shard", "1/2"), 0);
  assertStatus(await sweep("mixed.yaml", "--shard", "2/2"), 0);
  const page = readFileSync(at("runs/mixed/report.html"), "utf8");
  assert.is(page.match(/epoch 1 of 400/g)?.length, 2);
  assert.is(page.match(/>trained</g)?.length, 1);
  const [heads, ...rows] = page.match(/<tr>.*<\/tr>/g)!;
  assert.match(heads, /lambda_NCE<.*>nce_idt<.*>state</);
  const texts = rows.map((row) => row.split(/<td[^>]*>/).map((cell) => cell.replace(/<[^>]*>/g, "")));
  assert.equal(
    texts.map((cells) => cells.slice(1, 3)),
    [
      ["2", "true"],
      ["1", "false"],
      ["1", "true"],
    ],
  );
  for (const row of rows) assert.match(row, /report.html">[^<]+<\/a>/);
});

test("what is wrong in the file is said with its line, before anything runs", async () => {
  const refused = async (text: string, said: RegExp) => {
    writeFileSync(at("bad.yaml"), text);
    assertRefused(await sweep("bad.yaml"), 2, said);
  };
  await refused(
    "options:\n  dataroot: data\n  lambda_nce: 1\nruns: []",
    /bad.yaml:3: there is no option --lambda_nce, did/,
  );
  await refused("options:\n  dataroot: data\ngrid:\n  lr: [0.1, fast]", /bad.yaml:4: --lr must be a number/);
  await refused("options:\n  name: x\nruns: []", /bad.yaml:2: --name is the sweep's own: leave it out/);
  await refused("options: { dataroot: data }\ngrid:\n  lr: 0.1", /bad.yaml:3: give lr as a list/);
  await refused("options: { dataroot: data }\ngrid:\n  lr: []", /bad.yaml:3: give lr as a list, such as/);
  await refused("options: { dataroot: data }\ngrid: {}", /bad.yaml:2: grid is a map of options, each with a list/);
  await refused("options: { dataroot: data }\nruns: []", /bad.yaml:2: runs is a list of maps of options/);
  await refused("options: {}\n", /bad.yaml: give grid, .* or runs/);
  await refused("optoins: {}\n", /bad.yaml:1: optoins is none of options, grid and runs;/);
  await refused("options: [\n", /bad.yaml:2: Flow sequence [^:]*\.$/);
  await refused("just words", /a sweep is a map/);
  await refused("runs:\n  - { lr: 0.1 }", /bad.yaml:2: --dataroot is missing/);
  await refused("options: { dataroot: data }\nruns: [{ lr: 0.1 }, { lr: 0.1 }]", /two runs are lr=0.1/);
  await refused("runs: [{ dataroot: a/b }, { dataroot: a-b }]", /two runs would share the folder dataroot=a-b; write/);
  await refused(
    "options: { dataroot: data }\nruns:\n  - { model: cycle_gan, lambda_NCE: 2 }",
    /bad.yaml:3: --lambda_NCE belongs to --model cut/,
  );
  assertRefused(await sweep("not-there.yaml"), 1, /not-there.yaml/);
  assert.not(existsSync(at("runs/bad")));
});

test.run();
