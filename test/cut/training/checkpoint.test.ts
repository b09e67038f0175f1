// Checkpoints that are damaged. What they restore is in training-loop.test.ts.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseCheckpoint } from "../../../cut/training/checkpoint.js";
import { serializeSafetensors } from "../../../engine/formats/safetensors.js";

test("a checkpoint whose state is of another form is damaged", () => {
  const state = { step: 3, epoch: 1, batch: 3, random: [1], options: { name: "run" } };
  const parse = (text: string) => {
    const metadata = { format: "cutgpu checkpoint 1", state: text };
    return parseCheckpoint(serializeSafetensors({ tensors: new Map(), metadata }), "run.safetensors");
  };
  assert.equal(parse(JSON.stringify(state)).state, state);
  const wrong = [{ step: "3" }, { step: -1 }, { epoch: 1.5 }, { batch: null }, { random: 1 }, { options: null }];
  for (const text of ["", "null", "{}", "3", ...wrong.map((one) => JSON.stringify({ ...state, ...one }))]) {
    assert.throws(() => parse(text), /run\.safetensors is damaged: it does not say where the training stood/, text);
  }
});

test.run();
