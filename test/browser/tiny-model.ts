// A model for tests that need some translation, not a good one.
import { Generator } from "../../cut/networks/generator.js";
import { serializeSafetensors } from "../../engine/formats/safetensors.js";

/** Bytes of a generator so small that a frame takes a few milliseconds; all weights are alike. */
export function tinyModel(channels: number): Buffer {
  const sizes = { input_nc: channels, output_nc: channels, ngf: 2, blocks: 4 };
  const shapes = Generator.shapes({ ...sizes, no_antialias: false, no_antialias_up: false });
  const tensors = new Map(
    [...shapes].map(([key, shape]) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return [key, { dtype: "F32" as const, shape: [...shape], data: new Float32Array(size).fill(0.02) }];
    }),
  );
  return Buffer.from(serializeSafetensors({ tensors, metadata: {} }));
}
