// A model for tests that need some translation, not a good one.
import { serializeSafetensors } from "../../engine/formats/safetensors.js";

/** Bytes of a generator so small that a frame takes a few milliseconds; all weights are alike. */
export function tinyModel(channels: number, ngf = 2): Buffer {
  const tensors = new Map<string, { dtype: "F32"; shape: number[]; data: Float32Array<ArrayBuffer> }>();
  const add = (key: string, ...shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    tensors.set(`model.${key}`, { dtype: "F32", shape, data: new Float32Array(size).fill(0.02) });
  };
  const convolution = (key: string, out: number, inner: number, side: number) => {
    add(`${key}.weight`, out, inner, side, side);
    add(`${key}.bias`, out);
  };
  convolution("1", ngf, channels, 7);
  convolution("4", 2 * ngf, ngf, 3);
  convolution("8", 4 * ngf, 2 * ngf, 3);
  for (let block = 12; block < 16; block++) {
    convolution(`${block}.conv_block.1`, 4 * ngf, 4 * ngf, 3);
    convolution(`${block}.conv_block.5`, 4 * ngf, 4 * ngf, 3);
  }
  convolution("17", 2 * ngf, 4 * ngf, 3);
  convolution("21", ngf, 2 * ngf, 3);
  convolution("25", channels, ngf, 7);
  return Buffer.from(serializeSafetensors({ tensors, metadata: {} }));
}
