// A step's memory: dispose() gives back all of it, of every method.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { methods } from "../../../cut/methods/index.js";
import type { TrainOptions } from "../../../cut/options/train-schema.js";
import { TrainingStep } from "../../../cut/training/training-step.js";
import { planningGpu } from "../../../engine/open/planning.js";
import { SIDE, tinyOptions } from "./tiny-options.js";

for (const model of Object.keys(methods) as TrainOptions["model"][]) {
  test(`dispose() of a recorded step of ${model} leaves nothing`, async () => {
    const gpu = planningGpu({ profile: "gpu", subgroupSize: 32 });
    const step = new TrainingStep(gpu, tinyOptions({ model, ema_decay: 0.9, lambda_R1: 1 }));
    for (const kind of step.method.kinds) await step.prepare({ batch: 2, height: SIDE, width: SIDE }, kind);
    assert.ok(gpu.memory().liveBytes > 0);
    step.dispose();
    assert.equal([gpu.memory().liveBytes, gpu.memory().liveBuffers], [0, 0]);
  });
}

test.run();
