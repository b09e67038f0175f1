// Losses and checkpoints of a run on their way to its listener. Losses are read a few steps late, so that the GPU never
// waits for them. A checkpoint is handed over only once the losses of the next step are known to be finite: a step with
// finite losses may still have ruined the weights.
import type { LossRow } from "../report/losses.js";

/** How many steps are submitted to the GPU before the losses of the first are awaited. */
const STEPS_AHEAD = 3;

/** A checkpoint that waits for the losses of the next step. */
export interface PendingCheckpoint {
  step: number;
  names: string[];
  bytes: Uint8Array;
}

/** Who gets what was on its way. */
export interface Receiver {
  /** Throws if a loss is not finite. */
  check(row: LossRow): void;
  onLosses(row: LossRow): void;
  onCheckpoint(checkpoint: PendingCheckpoint): Promise<void>;
}

export class Handover {
  readonly #receiver: Receiver;
  readonly #losses: Promise<LossRow>[] = [];
  #checkpoint: PendingCheckpoint | null = null;
  /** When the latest losses arrived, or what came between steps was done. */
  #before = performance.now();

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Takes the losses of a step that was submitted, and waits for earlier ones where many are on their way. */
  async add(losses: Promise<LossRow>): Promise<void> {
    // A failure is reported when its turn comes; until then it must not count as unhandled.
    losses.catch(() => undefined);
    this.#losses.push(losses);
    await this.#settle(STEPS_AHEAD);
  }

  /** Does work between two steps, when all losses are handed over; its time is not counted as a step's. */
  async between(work: () => void | Promise<void>): Promise<void> {
    await this.#settle(0);
    await work();
    this.#before = performance.now();
  }

  /** Takes a checkpoint of the last step, or more names for the one that it has. */
  save(step: number, names: readonly string[], make: () => Promise<Uint8Array>): Promise<void> {
    return this.between(async () => {
      const pending = this.#checkpoint;
      if (pending?.step === step) pending.names.push(...names.filter((name) => !pending.names.includes(name)));
      else this.#checkpoint = { step, names: [...names], bytes: await make() };
    });
  }

  /** Hands over the checkpoint that waits, if there is one, without the losses of a next step. */
  async handOver(): Promise<void> {
    const pending = this.#checkpoint;
    this.#checkpoint = null;
    if (pending) await this.#receiver.onCheckpoint(pending);
  }

  /** Waits for what is being read, and hands over nothing more. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#losses);
  }

  async #settle(atMost: number): Promise<void> {
    while (this.#losses.length > atMost) {
      const row = await (this.#losses.shift() as Promise<LossRow>);
      this.#receiver.check(row);
      if (this.#checkpoint && row.step > this.#checkpoint.step) await this.handOver();
      const now = performance.now();
      row.seconds = Number(((now - this.#before) / 1000).toFixed(4));
      this.#before = now;
      this.#receiver.onLosses(row);
    }
  }
}
