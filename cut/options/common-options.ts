// Options that several commands share, each declared once. Differences between commands (the heading, a default, the
// help) are parameters.
import { type OptionExtras, oneOf, option, required, text, wholeNumber } from "./schema.js";

/** The heading of commands whose options need only one. */
export const group = "Options";

export const profileOption = (heading: string, help = "which kernels to use; auto follows the adapter") =>
  option(heading, oneOf(["auto", "gpu", "software"]), "auto", help);

export const precisionOption = (heading: string) =>
  option(
    heading,
    oneOf(["f32", "f16"]),
    "f32",
    "f16 stores activations in half the memory, where the adapter has 16-bit floats; weights and sums stay f32",
  );

export const seedOption = (heading: string, fallback: number, help: string, extras: OptionExtras = {}) =>
  option(heading, wholeNumber({ min: 0, max: 4294967295 }), fallback, help, extras);

export const runsDirOption = (heading: string, help: string) => option(heading, text("DIR"), "runs", help);

export const directionOption = (heading: string) =>
  option(
    heading,
    oneOf(["AtoB", "BtoA"]),
    "AtoB",
    "which generator, of a model that translates both ways (cycle_gan, dclgan)",
  );

/** The domains that a direction translates from and to. */
export const domainsOf = (direction: "AtoB" | "BtoA"): readonly [source: "A" | "B", target: "A" | "B"] =>
  direction === "BtoA" ? ["B", "A"] : ["A", "B"];

/** Where pictures of a domain are sought that the model is not trained on, and then those that it is. */
export const shownFolders = (side: string): readonly string[] => [`test${side}`, `val${side}`, `train${side}`];

export const modelOption = (heading: string) =>
  required(
    heading,
    text("RUN|FILE|demo"),
    "a run folder, a checkpoint, a generator as .safetensors or .pth, or demo, the model that comes with cutgpu",
  );

/** The name of a run's checkpoint. */
export const checkpointName = text("latest|best|N", "latest, best or a number", /^(latest|best|\d+)$/);

export const epochOption = (heading: string) =>
  option(
    heading,
    checkpointName,
    "latest",
    "which checkpoint of a run: the latest, the best (of train --eval_freq) or that of an epoch",
  );
