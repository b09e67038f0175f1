// `cutgpu export`: the generator of a run as a file of its own, .pth for PyTorch's load_state_dict or .safetensors.
import { dirname, extname } from "node:path";
import * as v from "valibot";
import { serializePth } from "../../../engine/formats/pth.js";
import { serializeSafetensors } from "../../../engine/formats/safetensors.js";
import { makeFolder, writeFileAtomically } from "../../files/atomic-files.js";
import { checkOutput } from "../../files/output.js";
import { readWhole } from "../../files/read-whole.js";
import { directionOption, epochOption, group, modelOption } from "../../options/common-options.js";
import { completeOptions, type GivenOptions, required, text } from "../../options/schema.js";
import { generatorStateDict, parseGenerator } from "../../training/checkpoint.js";
import { modelFile } from "../model-file.js";
import { defineCommand, print } from "../terminal/index.js";

const schema = v.strictObject({
  model: modelOption(group),
  epoch: epochOption(group),
  direction: directionOption(group),
  out: required(
    group,
    text("FILE", "a file name that ends in .safetensors or .pth", /\.(safetensors|pth)$/i),
    "the file to write; its ending chooses the format",
  ),
});

export default defineCommand({
  usage: "--model RUN|FILE --out FILE.safetensors|FILE.pth",
  options: schema,
  async run(given: GivenOptions<typeof schema>): Promise<void> {
    const { model, epoch, direction, out } = completeOptions(schema, given);
    const file = modelFile(model, { epoch, direction });
    checkOutput({ what: `--out ${out}`, paths: [out] }, [{ what: `--model ${model}`, paths: [file] }]);
    const { architecture, weights } = parseGenerator(readWhole(file), file, direction);
    const stateDict = generatorStateDict(architecture, weights);
    const pth = extname(out).toLowerCase() === ".pth";
    makeFolder(dirname(out));
    writeFileAtomically(out, pth ? serializePth(stateDict) : serializeSafetensors(stateDict));
    print(`the generator of ${file} written to ${out} (${stateDict.tensors.size} tensors)\n`);
  },
});
