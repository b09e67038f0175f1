// The command as a user runs it: the compiled main.js in a process of its own, in a folder of the test's own, on
// pictures made for it. Networks are tiny, so that a run takes a second or two.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import * as assert from "uvu/assert";

export interface CommandResult {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CommandSurroundings {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** A compiled file of the tests that is loaded before the command, relative to dist/test. */
  preload?: string;
  /** main.js of another copy of the project. */
  main?: string;
  /** Called at once with the process. */
  onStart?(child: ChildProcess): void;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** The compiled project: dist. */
export const distFolder = here("../..");
export const projectFolder = here("../../..");

/** Tuning tables of whoever runs the tests must not decide what they see; Mesa's compiled shaders may be shared. */
const isolated = {
  XDG_CACHE_HOME: join(distFolder, "test-cache"),
  MESA_SHADER_CACHE_DIR:
    process.env["MESA_SHADER_CACHE_DIR"] ?? process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
};

/** Runs `cutgpu` with these arguments to its end. */
export function cutgpu(args: readonly string[], around: CommandSurroundings = {}): Promise<CommandResult> {
  const { cwd, env, preload, main = join(distFolder, "bin/main.js") } = around;
  const node = [...(preload ? ["--import", join(distFolder, "test", preload)] : []), main, ...args];
  const child = spawn(process.execPath, node, { cwd, env: { ...process.env, ...isolated, ...env } });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  around.onStart?.(child);
  return new Promise((resolve) => {
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

/** Fails, showing what the command said, unless it ended with that status. */
export function assertStatus(result: CommandResult, status: number): void {
  const said = `status ${result.status} ${result.signal ?? ""}\n${result.stdout}\n${result.stderr}`;
  assert.is(result.status, status, said);
}

/** Fails unless the command ended with that status and told why in one line, without a stack trace. */
export function assertRefused(result: CommandResult, status: number, said: RegExp): void {
  assertStatus(result, status);
  const lines = result.stderr.split("\n").filter((line) => line.startsWith("cutgpu"));
  assert.is(lines.length, 1, `one line of the command's own: ${result.stderr}`);
  assert.match(lines[0], said);
  assert.not.match(result.stderr, /^\s+at .*\.[jt]s:\d+/m, "no stack trace");
  assert.not.match(result.stderr, /this is a defect/);
}

/** Options of networks and pictures so small that a step takes a few hundredths of a second. */
export const tiny = [
  ...["--crop_size", "16", "--load_size", "20", "--ngf", "4", "--netG", "resnet_4blocks", "--ndf", "4"],
  ...["--netD", "n_layers", "--n_layers_D", "1", "--num_patches", "16", "--netF_nc", "16"],
];

/** Smooth samples in 0 to 1 of a picture, other ones for each seed. */
function samples(width: number, height: number, channels: number, seed: number): number[] {
  return Array.from({ length: width * height * channels }, (_, i) => {
    const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    return 0.5 + 0.45 * Math.sin((x * (1 + (seed % 5)) + y * (c + 1) + 3 * seed) / 5);
  });
}

/** Writes a picture in the format that its name says; `channels` as PNG counts them, `bits` 8 or 16. */
export async function makePicture(
  path: string,
  { width = 24, height = 24, channels = 3, bits = 8, seed = 0 } = {},
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const values = samples(width, height, channels, seed);
  const raw = { width, height, channels: channels as 1 | 2 | 3 | 4 };
  if (bits === 16) {
    const data = Uint16Array.from(values, (value) => Math.round(65535 * value));
    await sharp(data, { raw })
      .toColourspace(channels < 3 ? "grey16" : "rgb16")
      .toFile(path);
    return;
  }
  const data = Uint8Array.from(values, (value) => Math.round(255 * value));
  const image = sharp(data, { raw });
  await (channels < 3 ? image.toColourspace("b-w") : image).toFile(path);
}

/** A data set of a few pictures: trainA, trainB, and testA. */
export async function makeDataset(folder: string, count = 6): Promise<string> {
  const jobs: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    jobs.push(makePicture(join(folder, "trainA", `a${i}.png`), { seed: i }));
    jobs.push(makePicture(join(folder, "trainB", `b${i}.jpg`), { seed: 100 + i }));
  }
  jobs.push(makePicture(join(folder, "testA", "held-out.png"), { seed: 50 }));
  await Promise.all(jobs);
  return folder;
}
