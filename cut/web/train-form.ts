// The form of the part "Train": pictures of A and B, and the options of a new run.
import type { Profile } from "../../engine/device/adapter.js";
import { CutgpuError } from "../../engine/lib/errors.js";
// Not from terminal/index.ts, which needs Node.
import { parseArguments } from "../cli/terminal/arguments.js";
import { batchesPerEpoch } from "../data/open-dataset.js";
import { smallTraining } from "../demo/demo-settings.js";
import { canSplit, ENOUGH, MIN_PICTURES, trainTestSplit } from "../evaluation/train-test-split.js";
import { presets } from "../options/presets.js";
import { OptionError, showValue } from "../options/schema.js";
import { type TrainOptions, trainSchema } from "../options/train-schema.js";
import { type ChosenPictures, choosePictures } from "./chosen-pictures.js";
import { type DataSet, dataSetAmong } from "./data-set.js";
import { byId, showCount } from "./dom.js";
import { attempt } from "./messages.js";
import { acceptFiles, type NamedFile } from "./picture-files.js";
import type { RunFolders, StartRequest } from "./protocol.js";
import { dataroot } from "./run-files.js";

type Given = Partial<TrainOptions>;

const { nce_layers, num_patches, netF_nc, lr, ...smallNetworks } = smallTraining;

/**
 * Networks to choose from, with the matching size of pictures and options of patch losses; and those of SinCUT of about
 * the same cost, on crops of CROP pixels.
 */
const networks: Record<string, { pixels: number; given: Given; patches: Given; sincut: Given }> = {
  small: {
    pixels: 64,
    given: { ...smallNetworks, ngf: 16 },
    patches: { nce_layers, num_patches, netF_nc, lr },
    sincut: { ngf: 2, ndf: 2, batch_size: 8 },
  },
  medium: {
    pixels: 128,
    given: { netG: "resnet_6blocks", ngf: 32, ndf: 32 },
    patches: { netF_nc: 128 },
    sincut: { ngf: 4, ndf: 4, batch_size: 8 },
  },
  paper: { pixels: 256, given: {}, patches: {}, sincut: {} },
};
const CROP = 64;

/** Options of the command that name runs and folders, for which the page has a field or the browser's storage. */
const OF_THE_COMMAND = ["name", "dataroot", "runs_dir", "continue_train", "pretrained_name"] as const;

/** The options of a method, by its preset's name, with networks of a size. */
function methodOptions(method: keyof typeof presets, size: string): Given {
  const { given, patches, sincut } = networks[size];
  switch (method) {
    case "CUT":
    case "FastCUT":
      return { ...given, ...patches, CUT_mode: method };
    case "cycle_gan":
      return { ...given, model: method };
    case "dclgan":
      return { ...given, ...patches, model: method };
    case "enco":
      // Its pairs of layers are those of nine blocks.
      return { ...given, netG: "resnet_9blocks", model: method };
    case "sincut":
      return { ...sincut, model: method };
  }
}

type Side = "a" | "b";

export class TrainForm {
  /** The pictures that were chosen last. */
  readonly pictures: Record<Side, NamedFile[]> = { a: [], b: [] };

  /** A data set's pictures that are not trained on. */
  readonly #tests: Record<Side, readonly NamedFile[]> = { a: [], b: [] };
  /** Choices take effect one after the other, however long their zips take. */
  #choices: Promise<void> = Promise.resolve();

  readonly #onPictures: () => void;

  /** `onPictures` is called when other pictures are chosen. */
  constructor(onPictures: () => void) {
    this.#onPictures = onPictures;
    for (const side of ["a", "b"] as const) {
      const inputs = [`folder-${side}`, `files-${side}`];
      acceptFiles(inputs, `drop-${side}`, (files) => this.#choose(side, files));
    }
    const [method, size] = [byId("run-method", "select"), byId("run-networks", "select")];
    const single = () => method.value === "sincut";
    method.addEventListener("change", () => {
      byId("sincut-note", "span").hidden = !single();
      if (single()) byId("run-pixels", "input").value = String(CROP);
    });
    size.addEventListener("change", () => {
      byId("run-pixels", "input").value = String(single() ? CROP : networks[size.value].pixels);
    });
  }

  /** Suggests a size of pictures that suits the adapter: on a software adapter every pixel counts. */
  suit(profile: Profile): void {
    if (profile === "software") byId("run-pixels", "input").value = "32";
  }

  /** The total number of steps, or null where none is given. */
  get steps(): number | null {
    const steps = byId("run-steps", "input").valueAsNumber;
    return Number.isNaN(steps) ? null : steps;
  }

  set steps(steps: number | null) {
    byId("run-steps", "input").value = steps === null ? "" : String(steps);
  }

  /** Fills the form in for a run on these pictures with these options. */
  fill(
    name: string,
    { A, B }: { A: NamedFile[]; B: NamedFile[] },
    { crop_size, max_steps, ...more }: Given & { crop_size: number; max_steps: number },
  ): void {
    this.#take("a", A, `${A.length} drawings of this page`);
    this.#take("b", B, `${B.length} blueprints of others`);
    byId("run-name", "input").value = name;
    byId("run-method", "select").value = "CUT";
    byId("run-networks", "select").value = "small";
    byId("run-pixels", "input").value = String(crop_size);
    this.steps = max_steps;
    const typed = Object.entries(more).map(([option, value]) => `--${option} ${showValue(value)}`);
    byId("run-more", "input").value = typed.join(" ");
  }

  /** The new run that the form describes. Throws a CutgpuError where something is missing or wrong. */
  newRun(): StartRequest {
    const name = byId("run-name", "input").value.trim();
    const { a, b } = this.pictures;
    if (a.length === 0 || b.length === 0) {
      const missing = a.length === 0 ? "A" : "B";
      throw new CutgpuError(
        "FOLDER",
        `there are no pictures ${missing} yet;`,
        `choose or drop a folder for ${missing}.`,
      );
    }
    const typed = parseArguments(trainSchema, words(byId("run-more", "input").value)).given;
    const foreign = OF_THE_COMMAND.find((option) => option in typed);
    if (foreign) throw new OptionError(`--${foreign} is an option of the command alone;`, "leave it out here.");
    const aside = typed.eval_freq !== null && !this.#hasTests && canSplit(a.length, b.length);
    const [A, B] = [a, b].map((all) => (aside ? trainTestSplit(all) : { train: all, test: [] }));
    const evaluated = aside || (typed.eval_freq !== null && this.#hasTests);
    const given = this.#options(name, Math.max(A.train.length, B.train.length), evaluated, typed);
    const pictures = aside ? { trainA: A.train, trainB: B.train, testA: A.test, testB: B.test } : this.folders;
    return { kind: "start", name, given, pictures };
  }

  /**
   * The options of a new run on this number of pictures, evaluated or not; typed ones take precedence over the fields.
   */
  #options(name: string, pictures: number, evaluated: boolean, typed: Given): Given {
    const pixels = byId("run-pixels", "input").valueAsNumber;
    const steps = byId("run-steps", "input").valueAsNumber;
    for (const [field, value] of Object.entries({ "Pixels per side": pixels, "Steps in all": steps })) {
      if (Number.isNaN(value)) throw new OptionError(`${field}: there is no number yet;`, "fill it in.");
    }
    const { model = "cut" } = typed;
    const method = model === "cut" ? (byId("run-method", "select").value as keyof typeof presets) : model;
    const networks = methodOptions(method, byId("run-networks", "select").value);
    const preset: Given = presets[method];
    const batch = typed.batch_size ?? networks.batch_size ?? preset.batch_size ?? 1;
    const { max_dataset_size = null } = typed;
    const epoch = { model: networks.model ?? "cut", batch_size: batch, max_dataset_size };
    const epochs = Math.max(1, Math.ceil(steps / Math.max(1, batchesPerEpoch(epoch, pictures))));
    const n_epochs = Math.ceil(epochs / 2);
    return {
      ...networks,
      name,
      dataroot: dataroot(name),
      crop_size: pixels,
      // SinCUT scales its one picture by factors of its own.
      ...(method !== "sincut" && { load_size: Math.round(pixels * 1.12) }),
      max_steps: steps,
      n_epochs,
      n_epochs_decay: epochs - n_epochs,
      // A tab may be closed at any time, and visitors wait for samples.
      save_latest_freq: 100 * batch,
      display_freq: Math.max(1, Math.ceil((steps * batch) / 20)),
      ...(evaluated && { eval_freq: Math.max(1, Math.ceil((steps * batch) / 10)) }),
      // Checkpoints of epochs would fill the storage where pictures are few.
      save_epoch_freq: Math.max(5, Math.ceil(epochs / 4)),
      ...typed,
    };
  }

  #choose(side: Side, files: readonly NamedFile[]): void {
    this.#choices = this.#choices.then(() => attempt(() => this.#open(side, files)));
  }

  async #open(side: Side, files: readonly NamedFile[]): Promise<void> {
    const about = byId(`count-${side}`, "p");
    const { textContent } = about;
    let chosen: ChosenPictures;
    let set: DataSet | null;
    try {
      chosen = await choosePictures(files, (text) => {
        about.textContent = text;
      });
      set = dataSetAmong(chosen.pictures);
    } catch (error) {
      about.textContent = textContent;
      throw error;
    }
    const others = chosen.others + (set?.others ?? 0);
    const leftOut = others > 0 ? `; ${showCount(others, "other file")} left out` : "";
    if (!set) {
      const { pictures } = chosen;
      const folder = pictures[0].path.includes("/") ? ` in ${pictures[0].path.split("/")[0]}` : "";
      return this.#take(side, pictures, `${showCount(pictures.length, "picture")}${folder}${leftOut}`);
    }
    const { root, folders } = set;
    for (const each of ["a", "b"] as const) {
      const [train, test] = each === "a" ? (["trainA", "testA"] as const) : (["trainB", "testB"] as const);
      const about = `${showCount(folders[train].length, "picture")} in ${root}${train}${each === side ? leftOut : ""}`;
      this.#take(each, folders[train], about, folders[test]);
    }
  }

  #take(side: Side, pictures: NamedFile[], about: string, tests: NamedFile[] = []): void {
    this.pictures[side] = pictures;
    this.#tests[side] = tests;
    byId(`count-${side}`, "p").textContent = about;
    this.#onPictures();
  }

  /** Whether a data set's own pictures evaluate a run on it. */
  get #hasTests(): boolean {
    return Math.min(this.#tests.a.length, this.#tests.b.length) >= MIN_PICTURES;
  }

  /** All pictures as those of a run, a data set's own test pictures apart. */
  get folders(): RunFolders {
    const { a, b } = this.pictures;
    return { trainA: a, trainB: b, ...(this.#hasTests && { testA: this.#tests.a, testB: this.#tests.b }) };
  }

  /** Shows which pictures would evaluate the new run that is `described`; hidden where none is. */
  showTestSplit(described: boolean): void {
    const { a: A, b: B } = this.pictures;
    const note = byId("test-split", "p");
    note.hidden = !described || A.length === 0 || B.length === 0;
    const count = (all: readonly NamedFile[]) => trainTestSplit(all).test.length;
    const measured = "on the way, translations of those are measured against these, and the best model is kept.";
    if (this.#hasTests) {
      const { a, b } = this.#tests;
      note.textContent = `${a.length} in testA and ${b.length} in testB are not trained on: ${measured}`;
      return;
    }
    note.textContent = canSplit(A.length, B.length)
      ? `${count(A)} of A and ${count(B)} of B are not trained on: ${measured} (--eval_freq none trains on all.)`
      : `All are trained on. With ${ENOUGH} or more on each side, some are kept to measure translations on the way.`;
  }
}

/** A line of options as a shell would split it, but without quotes. */
function words(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== "");
}
