// The queue's worker of examples/worker on a Redis of the test's own: two workers, one of them killed in mid-job, and
// every picture is translated; what is no picture fails at once with its reason. PICTURES=500 for a longer load.
// Without redis-server there is nothing to run.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue, QueueEvents } from "bullmq";
import { build } from "esbuild";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cutgpu, distFolder, makePicture, projectFolder } from "../support/command.js";
import { decodedPictures } from "../support/translations.js";

const test = suite("the queue's worker");

const PICTURES = Number(process.env["PICTURES"] ?? 24);
const PORT = 20000 + (process.pid % 20000);
const url = `redis://127.0.0.1:${PORT}`;
const model = join(projectFolder, "test/goldens/data/latest_net_G.pth");

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const children: ChildProcess[] = [];

/** A script of the example as a module that uses this build. */
async function bundle(name: string): Promise<string> {
  const outfile = join(distFolder, "worker", `${name}.mjs`);
  await build({
    entryPoints: [join(projectFolder, "examples", "worker", `${name}.ts`)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2023",
    packages: "external",
    alias: { cutgpu: join(distFolder, "engine/index.node.js"), "cutgpu/cut": join(distFolder, "cut/index.js") },
  });
  return outfile;
}

interface Said {
  child: ChildProcess;
  lines: string[];
  errors: string[];
}

function start(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Said {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, REDIS_URL: url, MODEL: model, ...env } });
  children.push(child);
  const said: Said = { child, lines: [], errors: [] };
  child.stdout.on("data", (data: Buffer) => said.lines.push(...String(data).trim().split("\n")));
  child.stderr.on("data", (data: Buffer) => said.errors.push(...String(data).trim().split("\n")));
  return said;
}

async function until(what: string, holds: () => boolean, seconds = 120): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    assert.ok(waited < seconds * 1000, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const answers = () =>
  new Promise<boolean>((resolve) => {
    const socket = connect(PORT, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.unref();
    socket.on("connect", () => socket.end());
  });

async function startRedis(): Promise<ChildProcess> {
  const { child } = start("redis-server", ["--port", String(PORT), "--save", "", "--dir", folder]);
  for (let i = 0; !(await answers()); i++) {
    assert.ok(i < 200, "redis-server does not answer");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return child;
}

if (!spawnSync("redis-server", ["--version"]).error) {
  let worker: string;
  let add: string;

  test.before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cutgpu-worker-"));
    for (let i = 0; i < PICTURES; i++) await makePicture(at("in", `${i}.png`), { width: 16, height: 16, seed: i });
    [worker, add] = [await bundle("worker"), await bundle("add")];
    await startRedis();
  });
  test.after(() => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  test("of two workers one is killed in mid-job, and every picture is done", async () => {
    const workers = [start(process.execPath, [worker]), start(process.execPath, [worker])];
    const adding = start(process.execPath, [add, "in", "out"]);
    await until("both to have done something", () => workers.every(({ lines }) => lines.length > 0));
    workers[0].child.kill("SIGKILL");
    if (adding.child.exitCode === null) await once(adding.child, "exit");
    assert.is(adding.child.exitCode, 0, adding.errors.join("\n"));
    const whole = await cutgpu(["translate", "--model", model, "--in", "in", "--out", "whole"], { cwd: folder });
    assert.is(whole.status, 0, whole.stderr);
    assert.equal(await decodedPictures(at("out")), await decodedPictures(at("whole")));
    // What was killed while it wrote leaves its part behind, under a name that no picture has.
    assert.is(readdirSync(at("out")).filter((name) => !name.endsWith(".partial")).length, PICTURES);
    const done = workers.flatMap(({ lines }) => lines.map((line) => line.split(" ")[0]));
    assert.is(new Set(done).size, done.length, "no job was completed twice");
    // The other one ends when it is asked to.
    workers[1].child.kill("SIGTERM");
    if (workers[1].child.exitCode === null) await once(workers[1].child, "exit");
    assert.is(workers[1].child.exitCode, 0);
  });

  test("bytes come back as bytes; what is no picture fails at once, and says why", async () => {
    const { child, errors } = start(process.execPath, [worker], { QUEUE: "bytes" });
    const queue = new Queue("bytes", { connection: { url } });
    const events = new QueueEvents("bytes", { connection: { url } });
    try {
      const bytes = (await sharp(at("in/3.png")).toBuffer()).toString("base64");
      const opts = { attempts: 3, backoff: 60_000 };
      const sound = await queue.add("picture", { bytes }, opts);
      const progress: unknown[] = [];
      events.on("progress", ({ data }) => progress.push(data));
      const png = Buffer.from(await sound.waitUntilFinished(events), "base64");
      writeFileSync(at("back.png"), png);
      assert.equal(await sharp(png).raw().toBuffer(), await sharp(at("whole/3.png")).raw().toBuffer());
      assert.is(progress.at(-1), 100);
      const poison = await queue.add("picture", { bytes: bytes.slice(0, 40) }, opts);
      const missing = await queue.add("picture", { from: "not-there.png" }, opts);
      const reasons = await Promise.all(
        [poison, missing].map((job) => job.waitUntilFinished(events).catch((error: Error) => error.message)),
      );
      assert.match(String(reasons[0]), /cannot be read as a picture/);
      assert.match(String(reasons[1]), /not-there.png/);
      assert.is(await queue.getFailedCount(), 2);
      await until("both to be told", () => errors.length >= 2);
      assert.ok(!errors.some((line) => /^\s+at .*:\d+:\d+\)?$/.test(line)), errors.join("\n"));
    } finally {
      child.kill("SIGTERM");
      await events.close();
      await queue.close();
    }
  });

  test("a full Redis takes no jobs, which is said in one line", async () => {
    const most = (bytes: string) => spawnSync("redis-cli", ["-p", String(PORT), "CONFIG", "SET", "maxmemory", bytes]);
    most("1");
    const adding = start(process.execPath, [add, "in", "full"], { QUEUE: "full" });
    if (adding.child.exitCode === null) await once(adding.child, "exit");
    most("0");
    assert.is(adding.child.exitCode, 1);
    assert.is(adding.errors.length, 1, adding.errors.join("\n"));
    assert.match(adding.errors[0], /OOM command not allowed/);
  });

  test("where Redis is away a worker says so in one line, and works when it is back", async () => {
    children.find(({ spawnfile }) => spawnfile === "redis-server")?.kill("SIGKILL");
    const { child, lines, errors } = start(process.execPath, [worker], { QUEUE: "late" });
    const outage = () => errors.filter((line) => line.startsWith(url));
    await until("the line", () => outage().length > 0);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.is(outage().length, 1, errors.join("\n"));
    await startRedis();
    const queue = new Queue("late", { connection: { url } });
    await queue.add("picture", { from: at("in/1.png"), to: at("late.png") });
    await until("the picture", () => lines.length > 0);
    assert.ok(existsSync(at("late.png")));
    assert.is(child.exitCode, null);
    await queue.close();
  });
}

test.run();
