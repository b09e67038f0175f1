// The networks of `cutgpu evaluate`: weights out of a package of nsfwjs's form, and what other files and packages get.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { featuresOf, lpipsOf } from "../../../cut/cli/evaluation-networks.js";
import { nsfwjsWeights, shortHash } from "../../../cut/evaluation/networks/nsfwjs.js";
import { serializePth } from "../../../engine/formats/pth.js";
import type { CutgpuError } from "../../../engine/lib/errors.js";
import { projectFolder } from "../../support/command.js";

const test = suite("evaluation networks");

let folder: string;
const at = (...path: string[]) => join(folder, ...path);

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-networks-"));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

async function refused(work: Promise<unknown>, said: RegExp): Promise<void> {
  const error = await work.then(
    () => null,
    (reason: CutgpuError) => reason,
  );
  assert.match(`${error?.message} ${error?.fix}`, said);
}

/** Two tensors as the package stores them: bytes that stand for q scale + min, in two base64 texts. */
const model = (last = [7, 8]) => {
  const weights = [
    { name: "a/kernel", shape: [2, 2], quantization: { dtype: "uint8", min: -1, scale: 0.5 } },
    { name: "b", shape: [2], quantization: { dtype: "uint8", min: 10, scale: 1 } },
  ];
  const text = (bytes: number[]) => Buffer.from(bytes).toString("base64");
  return {
    modelJson: async () => ({ default: { weightsManifest: [{ weights }] } }),
    weightBundles: [async () => ({ default: text([0, 1]) }), async () => ({ default: text([255, 2, ...last]) })],
  };
};

test("bytes of the package become numbers, and their hash is that of all of them", async () => {
  const { weights, hash } = await nsfwjsWeights(model());
  assert.equal([...(weights.get("a/kernel")!.data as Float32Array)], [-1, -0.5, 126.5, 0]);
  assert.equal([...(weights.get("b")!.data as Float32Array)], [17, 18]);
  assert.is(hash, await shortHash(Uint8Array.of(0, 1, 255, 2, 7, 8)));
  assert.is(await shortHash(new TextEncoder().encode("abc")), "ba7816bf");
  await refused(nsfwjsWeights(model([7])), /5 bytes for 6 weights; install nsfwjs@4.4.0/);
});

test("a package that is not there, or is another one, is told with how to install it", async () => {
  const missing = () => Promise.reject(Object.assign(new Error("no"), { code: "ERR_MODULE_NOT_FOUND" }));
  for (const name of ["mobilenet", "inception"]) {
    await refused(featuresOf(name, "clean", missing), /nsfwjs, which is not installed; install it: npm install nsfwjs/);
  }
  const onGpu = await featuresOf("mobilenet", "clean", async () => ({ Model: model() }));
  await refused(onGpu!(null as never), /the weights have no Conv1\/kernel/);
});

test("only the file of FID is taken for FID, whatever its name", async () => {
  const published = join(projectFolder, "test/goldens/data/latest_net_G.pth");
  const named = at("pt_inception-2015-12-05-6726825d.pth");
  writeFileSync(named, readFileSync(published));
  await refused(
    featuresOf(named, "clean"),
    /is not the file that FID is defined by.* its own with [0-9a-f]{8}; give pt_inc/,
  );
  writeFileSync(named, readFileSync(published).subarray(0, 90_000));
  await refused(featuresOf(named, "clean"), /pt_inception/);
  await refused(featuresOf(at("nothing.pth"), "clean"), /there is no file .*mobilenet, inception or the path/);
  assert.is(await featuresOf("none", "clean"), null);
});

test("LPIPS needs both of its files, whole", async () => {
  await refused(lpipsOf(at("none")), /does not hold the two files of LPIPS; put squeezenet1_1/);
  mkdirSync(at("lpips"));
  const bias = { dtype: "F32" as const, shape: [1], data: Float32Array.of(1) };
  const file = serializePth({ tensors: new Map([["features.0.bias", bias]]), metadata: {} });
  writeFileSync(at("lpips", "squeeze.pth"), file);
  writeFileSync(at("lpips", "squeezenet1_1-b8a52dc0.pth"), file);
  await refused(lpipsOf(at("lpips")), /damaged or another file: its SHA-256 begins with/);
  rmSync(at("lpips", "squeezenet1_1-b8a52dc0.pth"));
  writeFileSync(at("lpips", "squeezenet1_1.pth"), file);
  await refused(lpipsOf(at("lpips")), /the weights have no features.0.weight/);
});

test.run();
