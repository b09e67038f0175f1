// The WGSL of kernels that only software adapters and tuning tables use (subgroup broadcasts and Winograd's), and of
// those for few output channels, a fifth of a small app's bundle: build.mjs puts it into a separate file, which openGpu
// or a program's compilation loads if needed. Everything else about these kernels is in shaders/generated.ts, so that
// they can be chosen and counted without their WGSL.
import { GpuError } from "../lib/errors.js";

let texts: { readonly [kernel: string]: string } | undefined;

/** Loads the WGSL, once. */
export async function loadSoftwareKernels(): Promise<void> {
  texts ??= (await import("../../shaders/software.generated.js")).texts;
}

/** Whether build.mjs puts the kernels of a variant into the separate file; it knows them by names of their own. */
export const loadedOnDemand = (variant: string): boolean => /^broadcast|winograd|skinny/.test(variant);

/** Whether the WGSL of a variant's kernels is there. */
export const isLoaded = (variant: string): boolean => texts !== undefined || !loadedOnDemand(variant);

/** The WGSL of a kernel, from its source or from the separate file. */
export function textOf({ name, code }: { readonly name: string; readonly code: string }): string {
  const text = code || texts?.[name];
  if (text === undefined) throw new GpuError(`the kernel ${name} was not loaded`, "Open the engine with openGpu().");
  return text;
}

/** Whether a kernel needs an adapter with subgroups. */
export const usesSubgroups = (kernel: { readonly name: string; readonly code: string }): boolean =>
  /^enable subgroups;/m.test(textOf(kernel));
