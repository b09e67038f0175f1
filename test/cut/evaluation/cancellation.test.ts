// What takes long in the evaluation can be called off: it rejects with the signal's own reason, before the next piece
// of work, and leaves no memory behind.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../cut/data/picture.js";
import { evaluate } from "../../../cut/evaluation/evaluate.js";
import { runLadder } from "../../../cut/evaluation/ladder/ladder.js";
import type { PictureSet } from "../../../cut/evaluation/pairs.js";
import { PatchMetric } from "../../../cut/evaluation/patches/patch-metric.js";
import { comparePatchPairs } from "../../../cut/evaluation/patches/patch-pairs.js";
import { trainPatchEncoder } from "../../../cut/evaluation/patches/self-training.js";
import type { InspectModel } from "../../../cut/inspection/inspection-model.js";
import { ownGpu, rejectionOf } from "../../support/gpu.js";

const SIDE = 32;

const picture = (seed: number): Picture => {
  const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i * (i + seed)) % 251);
  return { width: SIDE, height: SIDE, channels: 3, data };
};
const pictures = [1, 2, 3].map(picture);
const names = pictures.map((_, i) => `${i}`);

const disposeModel = ({ generator, heads }: InspectModel) => {
  for (const tensor of [...generator.parameters.values(), ...(heads?.parameters.values() ?? [])]) tensor.dispose();
};

const gpu = await ownGpu();
const model = await trainPatchEncoder(gpu, pictures, { steps: 2 });
test.after(() => gpu.dispose());

/** Each calls `onPiece` where a piece of work begins or ends, and `onPicture` where a picture is asked for. */
const works: {
  [name: string]: (signal: AbortSignal, onPiece: () => void, onPicture: () => void) => Promise<unknown>;
} = {
  evaluate: (signal, onProgress, onPicture) => {
    const set = watched(onPicture);
    return evaluate({ fakes: set, reals: set, signal, onProgress });
  },
  comparePatchPairs: async (signal, onPiece, onPicture) => {
    const metric = new PatchMetric(gpu, model);
    const results = watched(() => {
      onPicture();
      onPiece();
    });
    await comparePatchPairs({ metric, sources: watched(onPicture), results, signal }).finally(() => metric.dispose());
  },
  runLadder: async (signal, onPiece, onPicture) => {
    const metric = new PatchMetric(gpu, model, { window: 4 });
    const { embed } = metric;
    metric.embed = (one) => {
      onPicture();
      onPiece();
      return embed.call(metric, one);
    };
    await runLadder({ pictures, metric, signal }).finally(() => metric.dispose());
  },
  trainPatchEncoder: async (signal, onProgress) => {
    disposeModel(await trainPatchEncoder(gpu, pictures, { steps: 30, signal, onProgress }));
  },
};

const watched = (onPicture: () => void): PictureSet => ({
  names,
  read: async (i) => {
    onPicture();
    return pictures[i];
  },
});

for (const [name, work] of Object.entries(works)) {
  test(`${name} that is called off before it begins does nothing`, async () => {
    const before = gpu.memory();
    const called = AbortSignal.abort(new Error("not at all"));
    const onPiece = () => assert.unreachable("a piece of work was done");
    assert.is(await rejectionOf(work(called, onPiece, onPiece)), called.reason);
    assert.equal(gpu.memory(), before);
  });

  test(`${name} that is called off does no further piece of work and leaves no memory`, async () => {
    const before = gpu.memory().liveBuffers;
    const stop = new AbortController();
    let after = 0;
    const onPicture = () => {
      if (stop.signal.aborted) after++;
    };
    assert.is(await rejectionOf(work(stop.signal, () => stop.abort(), onPicture)), stop.signal.reason);
    assert.is(after, 0);
    assert.is(gpu.memory().liveBuffers, before);
  });
}

test("training of an encoder is called off while its kernels are compiled, too", async () => {
  const other = await ownGpu();
  const stop = new AbortController();
  setTimeout(() => stop.abort());
  assert.is(await rejectionOf(trainPatchEncoder(other, pictures, { signal: stop.signal })), stop.signal.reason);
  assert.is(other.memory().liveBuffers, 0);
  other.dispose();
});

test.run();
