// `cutgpu export`: the generator of a run as a file of its own: .pth for PyTorch's load_state_dict, .safetensors, or
// .onnx for other runtimes.
import { dirname, extname } from "node:path";
import * as v from "valibot";
import { serializePth } from "../../../engine/formats/pth.js";
import { serializeSafetensors } from "../../../engine/formats/safetensors.js";
import { makeFolder, writeFileAtomically } from "../../files/atomic-files.js";
import { checkOutput } from "../../files/output.js";
import { readWhole } from "../../files/read-whole.js";
import { generatorOnnx } from "../../onnx/generator-graph.js";
import { directionOption, epochOption, group, modelOption } from "../../options/common-options.js";
import { completeOptions, flag, type GivenOptions, OptionError, option, required, text } from "../../options/schema.js";
import { generatorStateDict, parseGenerator } from "../../training/generator-file.js";
import { modelFile } from "../model-file.js";
import { defineCommand, print } from "../terminal/index.js";

const onnx = "Of .onnx files";

const schema = v.strictObject({
  model: modelOption(group),
  epoch: epochOption(group),
  direction: directionOption(group),
  out: required(
    group,
    text("FILE", "a file name that ends in .safetensors, .pth or .onnx", /[^/\\]\.(safetensors|pth|onnx)$/i),
    "the file to write; its ending chooses the format",
  ),
  f16: option(onnx, flag(), false, "weights as float16: half the file, computed in float32 all the same"),
  pixels: option(
    onnx,
    flag(),
    false,
    "bytes [batch, height, width, channels] in and out, in place of [batch, channels, height, width] in [-1, 1]",
  ),
});

export default defineCommand({
  usage: "--model RUN|FILE --out FILE.safetensors|FILE.pth|FILE.onnx",
  options: schema,
  async run(given: GivenOptions<typeof schema>): Promise<void> {
    const { model, epoch, direction, out, f16, pixels } = completeOptions(schema, given);
    const extension = extname(out).toLowerCase();
    if (extension !== ".onnx" && (f16 || pixels)) {
      const name = f16 ? "--f16" : "--pixels";
      throw new OptionError(`${name} is of .onnx files and --out is ${out};`, `leave out ${name}, or write an .onnx.`);
    }
    const file = modelFile(model, { epoch, direction });
    checkOutput({ what: `--out ${out}`, paths: [out] }, [{ what: `--model ${model}`, paths: [file] }]);
    const { architecture, weights } = parseGenerator(readWhole(file), file, direction);
    const stateDict = generatorStateDict(architecture, weights);
    const serialize = {
      ".safetensors": () => serializeSafetensors(stateDict),
      ".pth": () => serializePth(stateDict),
      ".onnx": () => generatorOnnx(architecture, stateDict, { f16, pixels }),
    }[extension] as () => Uint8Array<ArrayBuffer>;
    const bytes = serialize();
    makeFolder(dirname(out));
    writeFileAtomically(out, bytes);
    print(`the generator of ${file} written to ${out} (${stateDict.tensors.size} tensors)\n`);
  },
});
