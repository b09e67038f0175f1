// Files of torch.save for the tests of its readers: one storage of the numbers 0 to 23 in both containers, and how a
// file is refused.
import * as assert from "uvu/assert";
import { parsePth } from "../../../engine/formats/pth.js";
import { FormatError } from "../../../engine/lib/errors.js";
import { bytesOf, legacyFile, type Pickled, pickle, storage, tensor, zipFile } from "./pickle-emitter.js";

/** Fails unless parsePth refuses the bytes in these words. */
export function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => parsePth(bytes, "net.pth"),
    (error: unknown) =>
      error instanceof FormatError && error.message.startsWith("net.pth ") && message.test(error.message),
  );
}

export const counting = Float32Array.from({ length: 24 }, (_, i) => i);
export const floats = (key = "0", count = 24) => storage("FloatStorage", key, count);
export const whole = tensor(floats(), 0, [24], [1]);

/** The same root object and storage "0" in both containers. */
export function bothContainers(root: Pickled, data: Float32Array = counting): [string, Uint8Array][] {
  return [
    ["zip", zipFile(pickle(root), { "data/0": bytesOf(data) })],
    ["legacy", legacyFile(pickle(root), [["0", data.length, bytesOf(data)]])],
  ];
}
