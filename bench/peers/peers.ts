// The same work on other WebGPU engines, through the same dawn.node and adapter: TensorFlow.js, jax-js and
// onnxruntime-web. Each runs in a process of its own, one after the other and never at the same time as ours, so that
// they do not share cores, and so that one that crashes or hangs takes nothing with it. A result is compared with ours
// before its time counts. The packages live in bench/peers, apart from the main install; bench/peers/run.mjs says what
// is timed.
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Gpu } from "../../engine/core/gpu.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import type { Timing } from "../measurement/row.js";
import { comparable, type PeerJob } from "./jobs.js";
import { ourResults } from "./ours.js";

export type { ConvolutionJob, GeneratorJob, MatmulJob, PeerJob } from "./jobs.js";

export const peers = ["tfjs", "jax-js", "onnxruntime"] as const;
export type Peer = (typeof peers)[number];

export interface PeerResult {
  peer: Peer;
  /** Milliseconds per run; null where the peer cannot do the job, did it wrongly, or did not come back. */
  ms: Timing | null;
  /** Why there is no time. */
  error?: string;
}

export interface PeerOptions {
  /** Our engine, which makes the results to compare with. Nothing of it runs while a peer is timed. */
  gpu: Gpu;
  /** Called before each job. */
  onProgress?: (peer: Peer, job: PeerJob) => void;
  signal?: AbortSignal;
  /** Milliseconds after which a job is given up, and a peer with all its remaining jobs. */
  limits?: { job: number; peer: number };
}

const PACKAGES: Record<Peer, string> = {
  tfjs: "@tensorflow/tfjs-backend-webgpu",
  "jax-js": "@jax-js/jax",
  onnxruntime: "onnxruntime-web",
};
const LIMITS = { job: 25_000, peer: 240_000 };
/** Above this a result is wrong: rounding of long sums in another order stays far below. */
const TOLERANCE = 1e-3;
/** Gradients through a whole network: a ReLU's input within rounding of 0 moves single pixels of a gradient. */
const BACKWARD_TOLERANCE = 2e-2;

/** The sources' bench/peers, seen from dist/bench. */
const FOLDER = fileURLToPath(new URL("../../../bench/peers/", import.meta.url));

/** Throws a CutgpuError that names the remedy unless every peer is installed in `folder`. */
export function requirePeers(folder: string = FOLDER): void {
  if (!existsSync(join(folder, "run.mjs"))) {
    throw new CutgpuError(
      "PEERS",
      "the peers are compared from a checkout of the sources, and this is an installed package",
      "Clone the repository and run `npm run bench:peers:install` in it, or leave --peers out.",
    );
  }
  const missing = peers.filter((peer) => !existsSync(join(folder, "node_modules", PACKAGES[peer])));
  if (missing.length === 0) return;
  throw new CutgpuError(
    "PEERS",
    `not installed: ${missing.map((peer) => PACKAGES[peer]).join(", ")}`,
    "Run `npm run bench:peers:install`.",
  );
}

/**
 * Runs the jobs on every peer in turn. Returns the results by the job's id, in the order of `peers`.
 * Throws a CutgpuError if the peers are not installed, and the signal's reason if it is aborted.
 */
export async function runPeers(jobs: readonly PeerJob[], options: PeerOptions): Promise<Map<string, PeerResult[]>> {
  requirePeers();
  const { gpu, signal } = options;
  const results = new Map<string, PeerResult[]>(jobs.map((job) => [job.id, []]));
  const expected = new Map<string, Float32Array[]>();
  const ours = async (job: PeerJob) => {
    const made = expected.get(job.id) ?? (await ourResults(gpu, job));
    expected.set(job.id, made);
    return made;
  };
  for (const peer of peers) {
    await runPeer(peer, jobs, ours, options, (job, result) => results.get(job.id)?.push({ peer, ...result }));
    signal?.throwIfAborted();
  }
  return results;
}

/** A line for each peer and reason why it has no time, with the first of those jobs and their number. */
export function failureLines(results: ReadonlyMap<string, readonly PeerResult[]>): string[] {
  const failed = new Map<string, string[]>();
  for (const [id, outcomes] of results) {
    for (const { peer, error } of outcomes) {
      // Differences are figures of their own for each job.
      if (error === undefined) continue;
      const key = JSON.stringify([peer, error.replace(/ by \d\S*$/, "")]);
      failed.set(key, [...(failed.get(key) ?? []), id]);
    }
  }
  return [...failed].map(([key, [first, ...others]]) => {
    const [peer, error] = JSON.parse(key) as string[];
    return `no time of ${peer} for ${first}${others.length > 0 ? ` and ${others.length} more` : ""}: ${error}`;
  });
}

type Outcome = Omit<PeerResult, "peer">;

async function runPeer(
  peer: Peer,
  jobs: readonly PeerJob[],
  ours: (job: PeerJob) => Promise<Float32Array[]>,
  { onProgress, signal, limits = LIMITS }: PeerOptions,
  report: (job: PeerJob, outcome: Outcome) => void,
): Promise<void> {
  const deadline = performance.now() + limits.peer;
  let child: PeerProcess | null = null;
  try {
    for (const given of jobs) {
      signal?.throwIfAborted();
      const left = deadline - performance.now();
      if (left <= 0) {
        report(given, { ms: null, error: `${peer} has used up its ${limits.peer / 1000} s` });
        continue;
      }
      onProgress?.(peer, given);
      const job = comparable(given);
      const wanted = await ours(job);
      const limit = Math.min(limits.job, left);
      const within = performance.now() + limit;
      try {
        // A process that failed is replaced.
        child ??= await PeerProcess.start(peer, limit, signal);
        const { results } = await child.ask<{ results: Float32Array[] }>({ job }, within, signal);
        const worst = worstError(results, wanted);
        const tolerance = job.kind === "generator.backward" ? BACKWARD_TOLERANCE : TOLERANCE;
        if (!(worst <= tolerance)) {
          report(given, { ms: null, error: `its result differs from ours by ${worst.toExponential(1)}` });
          continue;
        }
        const { ms } = await child.ask<{ ms: Timing }>({ time: true }, within, signal);
        report(given, { ms });
      } catch (error) {
        signal?.throwIfAborted();
        report(given, { ms: null, error: (error as Error).message });
        if (child && !child.alive) child = null;
      }
    }
  } finally {
    child?.stop();
  }
}

/**
 * The largest difference over the results, each relative to the largest value of its tensor; tensors that are
 * negligible compared with the others (gradients of a bias before a norm, which are 0 but for rounding) count on the
 * others' scale. Infinity where the tensors do not even correspond.
 */
export function worstError(results: readonly Float32Array[], expected: readonly Float32Array[]): number {
  if (results.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scales = expected.map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  const floor = 1e-2 * Math.max(...scales);
  let worst = 0;
  for (const [i, values] of expected.entries()) {
    if (results[i].length !== values.length) return Number.POSITIVE_INFINITY;
    let difference = 0;
    for (let j = 0; j < values.length; j++) {
      const d = Math.abs(results[i][j] - values[j]);
      if (Number.isNaN(d)) return Number.POSITIVE_INFINITY;
      if (d > difference) difference = d;
    }
    worst = Math.max(worst, difference / Math.max(scales[i], floor, Number.MIN_VALUE));
  }
  return worst;
}

type Answer = { error?: string };

/** A peer's process, asked one thing at a time. */
class PeerProcess {
  alive = true;
  readonly #child: ChildProcess;
  readonly #peer: Peer;
  #settle: ((answer: Answer | Error) => void) | null = null;

  static async start(peer: Peer, limit: number, signal?: AbortSignal): Promise<PeerProcess> {
    const process = new PeerProcess(peer);
    await process.#answer(performance.now() + limit, signal);
    return process;
  }

  private constructor(peer: Peer) {
    this.#peer = peer;
    // Output of the process and of Dawn is dropped: results come over the channel and are checked.
    this.#child = fork(join(FOLDER, "run.mjs"), [peer], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced",
    });
    this.#child.on("message", (answer) => this.#settle?.(answer as Answer));
    this.#child.on("exit", (status, signal) => {
      this.alive = false;
      this.#settle?.(new Error(`${peer} ended by itself (${signal ?? `status ${status}`})`));
    });
  }

  /** Sends a request and waits for the answer until the moment `until` of performance.now(). */
  ask<T>(request: { job: PeerJob } | { time: true }, until: number, signal?: AbortSignal): Promise<T> {
    const answer = this.#answer<T>(until, signal);
    this.#child.send(request);
    return answer;
  }

  #answer<T>(until: number, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const late = () => {
        this.stop();
        this.#settle?.(new Error(`${this.#peer} did not finish in time`));
      };
      const aborted = () => {
        this.stop();
        this.#settle?.(new Error("aborted"));
      };
      const timer = setTimeout(late, Math.max(0, until - performance.now()));
      signal?.addEventListener("abort", aborted);
      this.#settle = (answer) => {
        this.#settle = null;
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        if (answer instanceof Error) reject(answer);
        else if (answer.error !== undefined) reject(new Error(answer.error));
        else resolve(answer as T);
      };
    });
  }

  stop(): void {
    this.alive = false;
    // A process that hangs in the driver does not react to gentler signals.
    this.#child.kill("SIGKILL");
  }
}
