// `cutgpu export` from outside: every file that it writes translates to the pictures of the run it comes from.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { singleImageShapes } from "../../../../cut/networks/single-image-layout.js";
import { generatorStateDict } from "../../../../cut/training/generator-file.js";
import { parsePth, serializePth } from "../../../../engine/formats/pth.js";
import { serializeSafetensors } from "../../../../engine/formats/safetensors.js";
import { elementCount, type StoredTensor } from "../../../../engine/formats/state-dict.js";
import { assertRefused, assertStatus, cutgpu } from "../../../support/command.js";
import { decodedPictures, trainAndTranslate } from "../../../support/translations.js";

const test = suite("cutgpu export");

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const decoded = (out: string) => decodedPictures(at(out));

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-export-"));
  await trainAndTranslate(folder);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("an exported model, as safetensors or as .pth, translates to the same pictures", async () => {
  const expected = await decoded("out");
  for (const file of ["G.safetensors", "G.pth"]) {
    const exported = await cutgpu(["export", "--model", "runs/r", "--out", file], { cwd: folder });
    assertStatus(exported, 0);
    assert.match(exported.stdout, `written to ${file}`);
    const out = `out-${file}`;
    assertStatus(await cutgpu(["translate", "--model", file, "--in", "in", "--out", out], { cwd: folder }), 0);
    assert.equal(await decoded(out), expected);
  }
});

test("an .onnx is written for other runtimes, and its options are refused with another format", async () => {
  const exported = (...args: string[]) => cutgpu(["export", "--model", "runs/r", ...args], { cwd: folder });
  assertStatus(await exported("--out", "G.onnx"), 0);
  assertStatus(await exported("--out", "half.onnx", "--f16", "--pixels"), 0);
  // What is in them, test/cut/onnx checks.
  assert.ok(statSync(at("half.onnx")).size < 0.8 * statSync(at("G.onnx")).size);
  assertRefused(await exported("--out", "F.pth", "--f16"), 2, /--f16 is of .onnx files and --out is F.pth/);
  assertRefused(await exported("--out", "F.pth", "--pixels"), 2, /--pixels is of .onnx files/);
  assertRefused(await exported("--out", "F.onxx"), 2, /--out must be .*\.onnx/);
  assertRefused(await exported("--out", "new/.onnx"), 2, /--out must be a file name that ends in/);
  assert.not(existsSync(at("F.pth")));
});

test("SinCUT's generator goes into an .onnx of the right opset", async () => {
  const architecture = { input_nc: 3, output_nc: 3, channels: [4, 8] as const };
  const weights = new Map(
    [...singleImageShapes(architecture)].map(([key, shape]) => [key, new Float32Array(elementCount(shape)).fill(0.1)]),
  );
  writeFileSync(at("sincut.safetensors"), serializeSafetensors(generatorStateDict(architecture, weights)));
  const args = ["export", "--model", "sincut.safetensors", "--out", "sincut.onnx"];
  assertStatus(await cutgpu(args, { cwd: folder }), 0);
  const { opsetImport, graph } = fromBinary(ModelProtoSchema, readFileSync(at("sincut.onnx")));
  assert.is(opsetImport[0].version, 18n);
  assert.ok(graph?.node.some(({ opType }) => opType === "BitwiseXor"));
});

test("a .pth with a module. prefix and stale statistics translates to the same pictures", async () => {
  assertStatus(await cutgpu(["export", "--model", "runs/r", "--out", "plain.pth"], { cwd: folder }), 0);
  const { tensors, metadata } = parsePth(readFileSync(at("plain.pth")));
  const statistics = (values: number[]): StoredTensor => ({
    dtype: "F32",
    shape: [values.length],
    data: Float32Array.from(values),
  });
  const wrapped = new Map([...tensors].map(([key, tensor]) => [`module.${key}`, tensor]));
  wrapped.set("module.model.2.running_mean", statistics([7, 7, 7, 7]));
  wrapped.set("module.model.2.running_var", statistics([9, 9, 9, 9]));
  writeFileSync(at("module.pth"), serializePth({ tensors: wrapped, metadata }));
  const args = ["translate", "--model", "module.pth", "--in", "in", "--out", "out-module"];
  assertStatus(await cutgpu(args, { cwd: folder }), 0);
  assert.equal(await decoded("out-module"), await decoded("out"));
});

test("a folder that is not there is made, and a run's checkpoint is not replaced", async () => {
  const exported = (out: string, model = "runs/r") =>
    cutgpu(["export", "--model", model, "--out", out], { cwd: folder });
  assertStatus(await exported("new/deep/G.pth"), 0);
  assert.ok(existsSync(at("new/deep/G.pth")));
  const latest = readFileSync(at("runs/r/latest.safetensors"));
  assertRefused(await exported("runs/r/latest.safetensors"), 2, /--out .* would write over --model runs.r; choose/);
  assertRefused(
    await exported("runs/r/latest.safetensors", "G.pth"),
    2,
    /would write over .*, which belongs to a run;/,
  );
  assert.ok(latest.equals(readFileSync(at("runs/r/latest.safetensors"))));
});

test.run();
