// The texts of kernels that only software adapters and tuning tables take (those that broadcast across a subgroup, and
// Winograd's), a fifth of a small app's bundle: build.mjs puts them into a file of their own, which openGpu loads where
// they are wanted. All else about these kernels is in shaders/generated.ts, so that they can be chosen and counted
// without their texts.
import { GpuError } from "../core/errors.js";

let texts: { readonly [kernel: string]: string } | undefined;

/** Loads them, once. */
export async function loadSoftwareKernels(): Promise<void> {
  texts ??= (await import("../../shaders/software.generated.js")).texts;
}

export const softwareKernelsLoaded = (): boolean => texts !== undefined;

/** The text of a kernel, wherever it is. */
export function textOf({ name, code }: { readonly name: string; readonly code: string }): string {
  const text = code || texts?.[name];
  if (text === undefined) throw new GpuError(`the kernel ${name} was not loaded`, "Open the engine with openGpu().");
  return text;
}
