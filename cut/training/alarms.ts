// Alarms of a training: rules on its losses and its sample pictures, each raised once, with advice. docs/method.md,
// section 9, describes what each rule detects; whether the right things were changed in a picture cannot be known
// without pairs. Pure; a rule costs a few additions per step.
import { type Picture, toChannels } from "../data/picture.js";
import { pearson } from "../evaluation/correlation.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { LossRow } from "../report/losses.js";

export interface Alarm {
  name: string;
  step: number;
  /** What was detected, a sentence. */
  seen: string;
  /** Advice, a sentence. */
  advice: string;
}

type Watched = Pick<TrainOptions, "model" | "gan_mode" | "lambda_GAN" | "lambda_NCE" | "nce_idt">;

/** Steps that a rule on losses covers. */
const SPAN = 50;
/** Steps before the rules on patch losses begin. */
const PATIENCE = 500;
/** A loss above this is diverging. */
const WILD = 1000;
/** Step from which the rules on sample pictures apply: before, pictures are gray in any run. */
const SETTLED = 500;
/** Pixels a side of the blocks that are smooth or painted: their deviations, of 255, are below or above these. */
const BLOCK = 8;
const SMOOTH = 10;
const PAINTED = 20;

/** Means of the losses over the last steps, and over the same number of steps before. */
class Window {
  readonly #values: number[] = [];

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > 2 * SPAN) this.#values.shift();
  }

  get full(): boolean {
    return this.#values.length === 2 * SPAN;
  }

  /** The mean of the last steps, and of those before. */
  get means(): { now: number; before: number } {
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / SPAN;
    return { now: mean(this.#values.slice(SPAN)), before: mean(this.#values.slice(0, SPAN)) };
  }
}

/** Watches one run. Rows must come in order; each rule raises at most one alarm. */
export class Alarms {
  /** The number of past rows of losses that the rules need when a run resumes. */
  static readonly lookBack = 2 * SPAN;
  readonly raised: Alarm[];
  readonly #options: Watched;
  readonly #patches: ReadonlyMap<number, number>;
  readonly #windows = new Map<string, Window>();

  /**
   * `patches`: by layer, the number of keys per query; `raised`: the alarms that a resumed run has raised before,
   * which are not raised again.
   */
  constructor(options: Watched, patches: ReadonlyMap<number, number>, raised: readonly Alarm[] = []) {
    this.raised = [...raised];
    this.#options = options;
    this.#patches = patches;
  }

  /** Takes the losses of a step; returns the alarms that they raise. */
  noteLosses(row: LossRow): Alarm[] {
    const before = this.raised.length;
    for (const name of ["D_real", "D_fake", "G_GAN", "NCE"]) {
      if (!(name in row)) continue;
      if (!this.#windows.has(name)) this.#windows.set(name, new Window());
      this.#windows.get(name)!.add(row[name]);
    }
    const wild = Object.entries(row).find(([name, value]) => /^(G|D|NCE)/.test(name) && Math.abs(value) > WILD);
    if (wild) {
      this.#raise(row.step, "losses explode", `${wild[0]} is ${wild[1].toPrecision(3)}`, "a lower --lr");
    }
    // The rules are checked at intervals only.
    if (row.step % (SPAN / 5) === 0) this.#checkMeans(row.step);
    return this.raised.slice(before);
  }

  #checkMeans(step: number): void {
    const { model, gan_mode, lambda_GAN, lambda_NCE } = this.#options;
    const [real, fake, gan, nce] = ["D_real", "D_fake", "G_GAN", "NCE"].map((name) => this.#windows.get(name));
    // The scores of wgangp have no scale.
    if (lambda_GAN > 0 && gan_mode !== "wgangp" && real?.full && fake?.full && gan?.full) {
      const [d, g] = [Math.max(real.means.now, fake.means.now), gan.means];
      // With a perfect discriminator the generator's loss is 1 with lsgan, 2 or more with hinge, and -log of almost 0
      // otherwise.
      const sure = lambda_GAN * { lsgan: 0.95, hinge: 1.9, vanilla: 3, nonsaturating: 3 }[gan_mode];
      if (d < 0.05 && g.now > sure && g.now > 0.95 * g.before) {
        this.#raise(
          step,
          "discriminator has won",
          `over ${SPAN} steps its losses are ${d.toFixed(3)} or less, and G_GAN stays at ${g.now.toFixed(2)}`,
          `a lower ${model === "enco" ? "--lr_D" : "--lr"}, --lambda_R1 1, a smaller --ndf, or more pictures of B`,
        );
      }
    }
    if (lambda_NCE > 0 && nce?.full && step >= PATIENCE && this.#patches.size > 0) {
      const counts = [...this.#patches.values()];
      const chance = counts.reduce((sum, count) => sum + Math.log(count), 0) / counts.length;
      const { now, before } = nce.means;
      if (now / lambda_NCE > 0.9 * chance && now > 0.98 * before) {
        this.#raise(
          step,
          "NCE does not fall",
          `after ${step} steps it is ${(now / lambda_NCE).toFixed(2)}, and ${chance.toFixed(2)} is guessing`,
          "a higher --lambda_NCE, or --nce_layers 4,8,12,16 without the layer of single pixels",
        );
      }
    }
  }

  /**
   * Takes sample pictures of a step and their translations, of equal sizes, and some pictures of the target domain;
   * returns the alarms that they raise.
   */
  notePictures(
    step: number,
    pairs: readonly { input: Picture; output: Picture }[],
    reals: readonly Picture[] = [],
  ): Alarm[] {
    const before = this.raised.length;
    if (step < SETTLED || pairs.length === 0) return [];
    const mean = (of: (pair: { input: Picture; output: Picture }) => number) =>
      pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
    const idt = this.#options.nce_idt ? "" : "--nce_idt, ";

    const ends = mean(({ output }) => shareAtEnds(output));
    if (ends > 0.5 && mean(({ input }) => shareAtEnds(input)) < 0.25) {
      const seen = `${(100 * ends).toFixed(0)} % of the samples' values are black or white`;
      this.#raise(step, "saturation", seen, "a lower --lr, a higher --lambda_NCE, or pictures of B that are less so");
    }
    // A and B may differ in channels.
    const alike = ({ input, output }: { input: Picture; output: Picture }) => toChannels(output, input.channels);
    const change = mean((pair) => difference(pair.input, alike(pair)));
    if (change < 0.02) {
      const seen = `translations differ from their inputs by ${(100 * change).toFixed(1)} % on average`;
      this.#raise(step, "identity", seen, "a lower --lambda_NCE or a higher --lambda_GAN");
    }
    const correlation = mean((pair) => pearson(pair.input.data, alike(pair).data));
    if (correlation < -0.5) {
      const seen = `translations look like negatives of their inputs (correlation ${correlation.toFixed(2)})`;
      const advice = `nothing where B is darker or lighter than A; else ${idt}--nce_layers 4,8,12,16`;
      this.#raise(step, "inversion", seen, advice);
    }
    const spread = (side: "input" | "output") => meanDistance(pairs.map((pair) => pair[side]));
    const [inputs, outputs] = [spread("input"), spread("output")];
    if (outputs < 0.1 * inputs) {
      const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
      const seen = `translations differ from each other by ${percent(outputs)}, inputs by ${percent(inputs)}`;
      this.#raise(step, "collapse", seen, `a higher --lambda_NCE, ${idt}or more pictures of B`);
    }
    // No rule can tell objects from their background, but it can detect smooth areas.
    const blocks = pairs.map(({ input, output }) => [blockDeviations(input), blockDeviations(output)] as const);
    const smooth = blocks.flatMap(([from, to]) => to.filter((_, i) => from[i] < SMOOTH));
    const painted = shareOf(smooth, (deviation) => deviation > PAINTED);
    const smoothB = shareOf(reals.flatMap(blockDeviations), (deviation) => deviation < SMOOTH);
    const smoothA = smooth.length / blocks.reduce((sum, [from]) => sum + from.length, 0);
    if (painted > 0.5 && smoothA > 0.1 && smoothB > 0.5 * smoothA) {
      const seen = `${(100 * painted).toFixed(0)} % of what is smooth in inputs is painted on, and B has smooth parts`;
      this.#raise(step, "background painted", seen, `a higher --lambda_NCE, ${idt}or a lower --lr`);
    }
    return this.raised.slice(before);
  }

  #raise(step: number, name: string, seen: string, advice: string): void {
    if (this.raised.some((alarm) => alarm.name === name)) return;
    this.raised.push({ name, step, seen, advice: `Try ${advice}.` });
  }
}

/** An alarm in one line. */
export const alarmText = ({ name, step, seen, advice }: Alarm): string =>
  `alarm at step ${step}, ${name}: ${seen}. ${advice}`;

/** The fraction of values at the ends of the range. */
function shareAtEnds({ data }: Picture): number {
  return data.reduce((count, value) => count + Number(value <= 1 || value >= 254), 0) / data.length;
}

/** The deviations within the blocks of a picture, [whole rows of blocks, whole columns], the mean over its channels. */
function blockDeviations({ width, height, channels, data }: Picture): number[] {
  const [rows, columns] = [Math.floor(height / BLOCK), Math.floor(width / BLOCK)];
  return Array.from({ length: rows * columns }, (_, block) => {
    const corner = (Math.floor(block / columns) * width + (block % columns)) * BLOCK;
    let variance = 0;
    for (let c = 0; c < channels; c++) {
      let [sum, squares] = [0, 0];
      for (let i = 0; i < BLOCK * BLOCK; i++) {
        const value = data[(corner + Math.floor(i / BLOCK) * width + (i % BLOCK)) * channels + c];
        sum += value;
        squares += value * value;
      }
      variance += (squares - sum ** 2 / BLOCK ** 2) / BLOCK ** 2 / channels;
    }
    return Math.sqrt(Math.max(0, variance));
  });
}

/** The mean; 0 without values. */
const shareOf = (values: readonly number[], which: (value: number) => boolean): number =>
  values.filter(which).length / (values.length || 1);

/** The mean absolute difference, 0 to 1; 1 for pictures of different sizes. */
function difference(a: Picture, b: Picture): number {
  if (a.data.length !== b.data.length) return 1;
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]), 0) / a.data.length / 255;
}

/** The mean over all pairs of pictures; 0 for a single picture. */
function meanDistance(pictures: readonly Picture[]): number {
  let [sum, count] = [0, 0];
  for (const [i, a] of pictures.entries()) {
    for (const b of pictures.slice(0, i)) {
      sum += difference(a, b);
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}
