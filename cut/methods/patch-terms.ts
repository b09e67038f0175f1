// The patch losses of CUT's step (docs/method.md section 3): PatchNCE, hDCE with SRC, or MoNCE, of every tapped layer,
// for the pictures of A and, with the identity term, of B; the positions that are compared; and the bank of other
// pictures' keys, first in, first out, one for each layer and term.
import type { Gpu } from "../../engine/core/gpu.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { Random } from "../../engine/lib/random.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { fusedPatchNce, type Head, hdce, monce, patchKeys, patchNce } from "../../engine/operators/patch-nce/index.js";
import { add, softplus } from "../../engine/operators/pointwise/index.js";
import { sumOperator } from "../../engine/operators/reduction/index.js";
import { concat, copyInto, flip, slice } from "../../engine/operators/strided/index.js";
import { Heads, unitRows } from "../networks/heads.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { BatchSize, Counts, InputShape, PatchFeatures, StepContext } from "./method.js";
import { curriculum, externalNce } from "./patch-losses.js";
import { drawPositions, forEachPicture, patchCounts, tappedShapes } from "./patch-positions.js";

/** Patch positions of one step, one array per tapped layer: row-major y * W + x. */
export interface PatchPositions {
  /** For the pictures of A. */
  x: Int32Array[];
  /** For those of B; none without the identity term. */
  y: Int32Array[];
}

/** Added to a similarity to exclude it. */
const EXCLUDED = -1e4;
/** Sinkhorn iterations of MoNCE. */
const ROUNDS = 50;

type Drawn = (name: string) => Tensor;

/** Losses of one layer that follow each other: of a term, or of SRC's relations. */
interface Section {
  relation: boolean;
  length: number;
}

export class PatchTerms {
  /** One head per layer; none where features are compared without heads. */
  readonly F: Heads;
  /** Whether there is a patch loss at all. */
  readonly used: boolean;
  /** Tapped layers; none without a patch loss. */
  readonly taps: readonly number[];
  /** Whether B is translated and compared too. */
  readonly identity: boolean;
  /** The features that patch retrieval is measured with. */
  readonly features: PatchFeatures | null;
  /** The banks: "bankX.<layer>" of the keys of A, "bankY.<layer>" of B's. */
  readonly state: ReadonlyMap<string, Tensor>;
  readonly #gpu: Gpu;
  readonly #options: TrainOptions;
  readonly #weight: number;
  readonly #hasHeads: boolean;

  constructor(gpu: Gpu, options: TrainOptions) {
    const { patch_loss, lambda_NCE, lambda_HDCE, nce_idt, netF, netF_nc, nce_layers, num_patches } = options;
    this.#gpu = gpu;
    this.#options = options;
    this.#weight = patch_loss === "hdce" ? lambda_HDCE : lambda_NCE;
    this.used = this.#weight > 0;
    this.taps = this.used ? nce_layers : [];
    this.identity = this.used && nce_idt;
    this.#hasHeads = this.used && netF === "mlp_sample";
    const channels = tappedShapes(options, { height: 4, width: 4 }).map(([channels]) => channels);
    this.F = new Heads(gpu, { channels: this.#hasHeads ? channels : [], width: netF_nc });
    const heads = this.#hasHeads ? this.F : null;
    this.features = this.used ? { heads, layers: nce_layers, patches: num_patches } : null;
    const banks = this.#banks.flatMap((bank) =>
      nce_layers.map((layer, i): [string, number] => [`${bank}.${layer}`, i]),
    );
    this.state = new Map(
      banks.map(([name, i]) => [name, gpu.persistent([options.nce_bank, heads ? netF_nc : channels[i]])]),
    );
    for (const bank of this.state.values()) bank.write(new Float32Array(bank.size));
  }

  /** The names of the banks, one for each term, if banks are used. */
  get #banks(): string[] {
    if (!this.used || this.#options.nce_negatives === "internal") return [];
    return this.identity ? ["bankX", "bankY"] : ["bankX"];
  }

  /** For each layer a random choice of positions without repeats, for A and then for B; with hDCE one for both. */
  draw(random: Random, size: BatchSize): PatchPositions {
    const layers = patchCounts(this.#options, size);
    const x = drawPositions(random, layers);
    if (!this.identity) return { x, y: [] };
    return { x, y: this.#options.patch_loss === "hdce" ? x : drawPositions(random, layers) };
  }

  inputs(size: BatchSize): Record<string, InputShape> {
    const { patch_loss, nce_bank } = this.#options;
    const images = this.identity ? 2 * size.batch : size.batch;
    const inputs: Record<string, InputShape> = {};
    if (!this.used) return inputs;
    for (const [i, { count }] of patchCounts(this.#options, size).entries()) {
      inputs[`ids.${i}`] = { shape: [images, count], dtype: "i32" };
      if (this.state.size > 0) inputs[`bankMask.${i}`] = { shape: [1, 1, nce_bank] };
    }
    if (this.state.size > 0) inputs["ownMask"] = { shape: [1] };
    if (patch_loss === "hdce") inputs["gamma"] = { shape: [1] };
    return inputs;
  }

  /** Contents of the inputs (all pictures of a domain share positions), and the counts after the step. */
  valuesFor({ x, y }: PatchPositions, { size, epoch, counts }: Omit<StepContext, "random" | "step">) {
    const { nce_bank, nce_negatives, n_epochs, n_epochs_decay } = this.#options;
    const { HDCE_gamma, HDCE_gamma_min, step_gamma_epoch } = this.#options;
    const values: Record<string, Float32Array | Int32Array> = {};
    const after: Record<string, number> = {};
    for (const [i, ofA] of x.entries()) {
      const ofB = y[i] ?? new Int32Array();
      values[`ids.${i}`] = Int32Array.from([...forEachPicture(ofA, size.batch), ...forEachPicture(ofB, size.batch)]);
      if (this.state.size === 0) continue;
      // The newest rows are at the end.
      const filled = counts[`bankRows.${i}`] ?? 0;
      const mask = Float32Array.from({ length: nce_bank }, (_, row) => (row < nce_bank - filled ? EXCLUDED : 0));
      values[`bankMask.${i}`] = mask;
      values["ownMask"] = Float32Array.of(nce_negatives === "external" && filled > 0 ? EXCLUDED : 0);
      after[`bankRows.${i}`] = Math.min(nce_bank, filled + size.batch * ofA.length);
    }
    const gammas = { first: HDCE_gamma, last: HDCE_gamma_min, stepAfter: step_gamma_epoch };
    values["gamma"] = Float32Array.of(curriculum(epoch, { ...gammas, epochs: n_epochs + n_epochs_decay }));
    return { values, counts: after as Counts };
  }

  /** Whether a single operator computes a layer's losses from its feature maps. */
  get #fused(): boolean {
    return this.#options.patch_loss === "nce" && this.#hasHeads && this.state.size === 0;
  }

  #headOf(i: number): Head | null {
    return this.#hasHeads ? this.F.head(i) : null;
  }

  /**
   * Unit rows of the source's patches, detached. The fused operator takes feature maps instead and embeds them together
   * with the queries, unless --low_memory asks not to keep them so long.
   */
  keys(features: readonly Tensor[], drawn: Drawn): Tensor[] {
    if (this.#fused && !this.#options.low_memory) return [...features];
    return features.map((map, i) => patchKeys(map, drawn(`ids.${i}`), this.#headOf(i)));
  }

  /** The names of the terms: A's and, with identity, B's. */
  get #terms(): string[] {
    const name = this.#options.patch_loss === "hdce" ? "HDCE" : "NCE";
    return this.identity ? [name, `${name}_Y`] : [name];
  }

  /** The total loss, and logged values with their names. */
  losses(features: readonly Tensor[], keys: readonly Tensor[], drawn: Drawn, mirror: boolean) {
    const { patch_loss, lambda_SRC } = this.#options;
    const terms = this.#terms;
    const rows = features.map((map, i) => this.#rowsOf(mirror ? flip(map, -1) : map, keys[i], i, drawn));
    const sections = rows.flatMap(({ size }) => this.#sectionsOf(size));
    const all = reshape(concat(rows), [-1, 1]);
    // Layers may have different numbers of rows, so all means are computed by one matrix product.
    const means = this.#gpu.tensor(meanWeights(sections));
    const meansOf = (x: Tensor) => reshape(matmul(means, x), [rows.length, terms.length]);
    const layers = meansOf(all);
    const total = sumOperator([layers], { axes: [0, 1], keepdim: false, factor: this.#weight / layers.size });
    const byLayer = this.taps.flatMap((tap) => terms.map((term) => `${term}_${tap}`));
    const logged: [names: string[], Tensor][] = [
      [terms, this.#meanOfLayers(layers)],
      [byLayer, layers],
    ];
    if (patch_loss !== "hdce") return { total, logged };
    const ofRelations = rowWeights(sections, ({ relation }) => (relation ? lambda_SRC / rows.length : 0));
    const relation = reshape(matmul(this.#gpu.tensor([ofRelations]), all), []);
    const printed = this.#gpu.noGrad(() => this.#meanOfLayers(meansOf(softplus(all.detach()))));
    logged.push([["SRC"], relation], [terms.map((term) => `${term}_CE`), printed]);
    return { total: add(total, relation), logged };
  }

  /** What a layer's rows are: equal parts for the terms; with hDCE, one of as many follows for SRC of A. */
  #sectionsOf(rows: number): Section[] {
    const src = this.#options.patch_loss === "hdce" ? [true] : [];
    const relations = [...this.#terms.map(() => false), ...src];
    return relations.map((relation) => ({ relation, length: rows / relations.length }));
  }

  /** Means [layers, terms] -> each term's weighted mean, to be logged. */
  #meanOfLayers(means: Tensor): Tensor {
    const factor = this.#weight / means.shape[0];
    return this.#gpu.noGrad(() => sumOperator([means.detach()], { axes: [0], keepdim: false, factor }));
  }

  /** The losses of layer `i`, one per row; hDCE's are followed by those of SRC. */
  #rowsOf(map: Tensor, keys: Tensor, i: number, drawn: Drawn): Tensor {
    const { patch_loss, nce_T: tau, nce_includes_all_negatives_from_minibatch: all } = this.#options;
    const { cost_type: cost, eps, neg_term_weight: negTermWeight, plan_detached: planDetached } = this.#options;
    const terms = this.#terms.length;
    const groups = all ? terms : map.shape[0];
    const ids = drawn(`ids.${i}`);
    if (this.#fused) return fusedPatchNce(map, ids, this.F.head(i), keys, { groups, tau });
    const q = unitRows(map, ids, this.#headOf(i));
    if (patch_loss === "hdce") return hdce(q, keys, drawn("gamma"), { groups, tau, related: q.shape[0] / terms });
    if (patch_loss === "monce")
      return monce(q, keys, { groups, tau, cost, eps, negTermWeight, planDetached, rounds: ROUNDS });
    if (this.state.size === 0) return patchNce(q, keys, { groups, tau });
    const masks = { bankMask: drawn(`bankMask.${i}`), ownMask: drawn("ownMask") };
    return concat(
      this.#banks.map((bank, term) => {
        const [ofQ, ofK] = [q, keys].map((x) => part(x, term, terms));
        const external = { ...masks, bank: this.state.get(`${bank}.${this.taps[i]}`) as Tensor };
        return externalNce(ofQ, ofK, external, { groups: groups / terms, tau });
      }),
    );
  }

  /** Appends a step's keys to the banks, dropping the oldest. Must come after all use of the banks. */
  remember(keys: readonly Tensor[]): void {
    this.#gpu.noGrad(() => {
      for (const [term, name] of this.#banks.entries()) {
        for (const [i, tap] of this.taps.entries()) {
          const bank = this.state.get(`${name}.${tap}`) as Tensor;
          const joined = concat([bank, part(keys[i], term, this.#banks.length)]);
          copyInto(this.#gpu, joined, bank, bank.size, joined.size - bank.size);
        }
      }
    });
  }
}

/** A row for each term's sections: its product with all losses is the section's mean. */
const meanWeights = (sections: readonly Section[]): number[][] =>
  sections
    .filter(({ relation }) => !relation)
    .map((own) => rowWeights(sections, (section) => (section === own ? 1 / own.length : 0)));

/** A weight for every row of losses. */
const rowWeights = (sections: readonly Section[], weightOf: (section: Section) => number): number[] =>
  sections.flatMap((section) => new Array<number>(section.length).fill(weightOf(section)));

/** The rows of one of several equal parts. */
function part(x: Tensor, index: number, parts: number): Tensor {
  const rows = x.shape[0] / parts;
  return slice(x, index * rows, (index + 1) * rows);
}
