// Saves parameters to safetensors files and loads them.
import type { Tensor } from "../core/tensor.js";
import { checkValue, namedTensors } from "../lib/check-options.js";
import { elementsOf } from "../lib/elements.js";
import { FormatError, ShapeError } from "../lib/errors.js";
import { sameShape } from "../lib/shapes.js";
import { parseSafetensors, serializeSafetensors } from "./safetensors.js";
import { type StoredTensor, toFloat32 } from "./state-dict.js";

/**
 * Named tensors as a safetensors file, in insertion order.
 *
 * @example
 * ```ts
 * import { loadParameters, openGpu, saveParameters } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const parameters = new Map([["weight", gpu.tensor([1, 2, 3])]]);
 * const file = await saveParameters(parameters);
 * const restored = new Map([["weight", gpu.tensor([0, 0, 0])]]);
 * loadParameters(file, restored);
 * console.log(await restored.get("weight")?.read()); // 1,2,3
 * gpu.dispose();
 * ```
 */
export async function saveParameters(parameters: ReadonlyMap<string, Tensor>): Promise<Uint8Array> {
  checkValue("saveParameters: the parameters", parameters, namedTensors);
  const read = async ([name, tensor]: [string, Tensor]): Promise<[string, StoredTensor]> => {
    const data = await tensor.read<"f32" | "i32">();
    return [name, { dtype: tensor.dtype === "i32" ? "I32" : "F32", shape: [...tensor.shape], data }];
  };
  return serializeSafetensors({ tensors: new Map(await Promise.all([...parameters].map(read))), metadata: {} });
}

/**
 * Writes the content of a safetensors file into tensors of the same names and shapes. The file must hold exactly these
 * tensors; an error leaves all of them unchanged.
 *
 * @example
 * ```ts
 * const weight = gpu.tensor([0, 0]);
 * const file = await saveParameters(new Map([["weight", gpu.tensor([1, 2])]]));
 * loadParameters(file, new Map([["weight", weight]]));
 * console.log(await weight.read()); // 1, 2
 * ```
 */
export function loadParameters(bytes: Uint8Array, parameters: ReadonlyMap<string, Tensor>): void {
  const { tensors } = parseSafetensors(bytes, "loadParameters: the file");
  checkValue("loadParameters: the parameters", parameters, namedTensors);
  const foreign = [...tensors.keys()].find((name) => !parameters.has(name));
  if (foreign !== undefined)
    throw new FormatError(`loadParameters: the file holds ${foreign}, which is no parameter`, "Give the same names.");
  const contents = [...parameters].map(([name, tensor]) => {
    const { shape, dtype } = tensor;
    const stored = tensors.get(name);
    if (!stored) throw new FormatError(`loadParameters: the file holds no ${name}`, "Give the same names.");
    if (!sameShape(stored.shape, shape)) {
      throw new ShapeError(
        `loadParameters: ${name} is of shape [${stored.shape}] in the file and [${shape}] here`,
        "Load what was saved from the same parameters.",
      );
    }
    // Throws for what write() would throw for.
    tensor.requireBuffer();
    const data = stored.data instanceof Int32Array ? stored.data : toFloat32(stored);
    return [tensor, elementsOf("loadParameters", data, dtype, shape)] as const;
  });
  for (const [tensor, elements] of contents) tensor.write(elements);
}
