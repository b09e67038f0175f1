// Runs in the browser: every operator's golden cases on this adapter, with the very checks of
// test/goldens/operators.ts.

import { parseSafetensors } from "../../engine/formats/safetensors.js";
import { openGpu } from "../../engine/open/open.js";
import { operatorAnswers } from "../goldens/operators.js";
import type { GoldenCase } from "../goldens/runs.js";
import { operatorCasesOf } from "../support/goldens.js";

export interface OperatorsResult {
  adapter: string;
  subgroupSize: number;
  cases: GoldenCase[];
}

async function checkOperators(profile: "gpu" | "software"): Promise<OperatorsResult> {
  const bytes = new Uint8Array(await (await fetch("operators.safetensors")).arrayBuffer());
  const gpu = await openGpu({ profile });
  const cases: GoldenCase[] = [];
  for (const each of operatorCasesOf(parseSafetensors(bytes, "operators")))
    cases.push(...(await operatorAnswers(gpu, each)));
  const result = { adapter: gpu.info.architecture, subgroupSize: gpu.subgroupSize, cases };
  gpu.dispose();
  return result;
}

Object.assign(globalThis, { checkOperators });
