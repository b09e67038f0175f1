// The methods by name.
import { Cut } from "./cut.js";
import type { MakeMethod } from "./method.js";

export const methods = {
  cut: (gpu, options) => new Cut(gpu, options),
} satisfies Record<string, MakeMethod>;
