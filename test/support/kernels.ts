// Every kernel with its text, also those whose texts the engine loads where they are wanted.
import type { KernelSource } from "../../engine/device/kernel-source.js";
import * as generated from "../../shaders/generated.js";
import { texts } from "../../shaders/software.generated.js";

const later: { readonly [kernel: string]: string } = texts;

export const kernels: readonly KernelSource[] = Object.values<KernelSource>(generated).map((kernel) =>
  later[kernel.name] === undefined ? kernel : { ...kernel, code: later[kernel.name] },
);
