// The methods by the names that --model takes.
import type { TrainOptions } from "../options/train-schema.js";
import { Cut } from "./cut.js";
import { CycleGan } from "./cycle-gan.js";
import { DclGan } from "./dclgan.js";
import { EnCo } from "./enco.js";
import type { MakeMethod } from "./method.js";
import { SinCut } from "./sin-cut.js";

export const methods: Readonly<Record<TrainOptions["model"], MakeMethod>> = {
  cut: (gpu, options) => new Cut(gpu, options),
  cycle_gan: (gpu, options) => new CycleGan(gpu, options),
  dclgan: (gpu, options) => new DclGan(gpu, options),
  enco: (gpu, options) => new EnCo(gpu, options),
  sincut: (gpu, options) => new SinCut(gpu, options),
};
