// Alarms: each on a run that shows what it is for and not on one that does not, once, with something to try.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Picture, toChannels } from "../../../cut/data/picture.js";
import type { LossRow } from "../../../cut/report/losses.js";
import { Alarms, alarmText } from "../../../cut/training/alarms.js";
import { Random } from "../../../engine/lib/random.js";

const test = suite("alarms");

const options = { model: "cut", gan_mode: "lsgan", lambda_GAN: 1, lambda_NCE: 2, nce_idt: true } as const;
const patches = new Map([0, 4].map((layer) => [layer, 64]));

/** The names of what is raised by losses that are a function of the step, with the steps. */
function raisedBy(steps: number, losses: (step: number) => Record<string, number>, given = options): string[] {
  const alarms = new Alarms(given, patches);
  for (let step = 1; step <= steps; step++) {
    const row: LossRow = { step, epoch: 1, seconds: 0.1, lr: 2e-4, ...losses(step) };
    alarms.noteLosses(row);
  }
  return alarms.raised.map(({ name }) => name);
}

const balanced = (step: number) => {
  const random = new Random(step);
  const around = (value: number) => value * (0.5 + random.next());
  return { D_real: around(0.2), D_fake: around(0.2), G_GAN: around(0.4), NCE: 2 * (1 + 3 * Math.exp(-step / 100)) };
};

test("a balanced training raises none", () => assert.equal(raisedBy(2000, balanced), []));

test("a discriminator that has won, and not one that is winning while the generator still learns", () => {
  const won = (step: number) => ({ ...balanced(step), D_real: 0.01, D_fake: 0.005, G_GAN: 0.99 });
  assert.equal(raisedBy(400, won), ["discriminator has won"]);
  assert.equal(raisedBy(99, won), [], "it takes a hundred steps");
  const recovering = (step: number) => ({ ...won(step), G_GAN: 3 * Math.exp(-step / 300) });
  assert.equal(raisedBy(400, recovering), []);
  const logistic = { ...options, gan_mode: "nonsaturating" as never };
  assert.equal(raisedBy(400, won, logistic), [], "0.99 is nothing to -log");
  assert.equal(
    raisedBy(400, (step) => ({ ...won(step), G_GAN: 5 }), logistic),
    ["discriminator has won"],
  );
});

test("patch losses that stay at guessing, and not those that are high and fall", () => {
  const guessing = 2 * Math.log(64);
  assert.equal(
    raisedBy(600, (step) => ({ ...balanced(step), NCE: guessing })),
    ["NCE does not fall"],
  );
  assert.equal(
    raisedBy(600, (step) => ({ ...balanced(step), NCE: guessing * Math.exp(-step / 3000) })),
    [],
  );
  assert.equal(
    raisedBy(400, (step) => ({ ...balanced(step), NCE: guessing })),
    [],
    "first it is given time",
  );
});

test("losses that run away", () => {
  assert.equal(
    raisedBy(30, (step) => ({ ...balanced(step), G: 2 ** step })),
    ["losses explode"],
  );
});

/** Four pictures, other ones for each seed. */
const pictures = (seed: number): Picture[] => {
  const random = new Random(seed);
  return [0, 1, 2, 3].map((n) => ({
    width: 16,
    height: 16,
    channels: 3,
    data: Uint8Array.from({ length: 768 }, (_, i) => 40 * n + 10 * Math.floor(i / 96) + random.integer(30)),
  }));
};

function raisedByPictures(change: (value: number, i: number) => number, step = 600): string[] {
  const alarms = new Alarms(options, patches);
  const pairs = pictures(1).map((input) => ({ input, output: { ...input, data: input.data.map(change) } }));
  alarms.notePictures(step, pairs);
  alarms.notePictures(step + 1, pairs);
  return alarms.raised.map(({ name }) => name);
}

test("pictures that came out white, unchanged, as negatives or all alike; and none of these", () => {
  assert.equal(
    raisedByPictures((value, i) => (i % 3 === 0 ? 255 : 0.7 * value + 20)),
    [],
  );
  assert.equal(
    raisedByPictures(() => 255),
    ["saturation", "collapse"],
  );
  assert.equal(
    raisedByPictures((value) => value + 1),
    ["identity"],
  );
  assert.equal(
    raisedByPictures((value) => 255 - value),
    ["inversion"],
  );
  assert.equal(
    raisedByPictures((_, i) => (i * 37) % 200),
    ["collapse"],
  );
  assert.equal(
    raisedByPictures(() => 255, 100),
    [],
    "at first pictures are not judged",
  );
  const alarms = new Alarms(options, patches);
  assert.equal(alarms.notePictures(600, []), []);
});

test("A and B may differ in channels", () => {
  const raised = (from: 1 | 3, to: 1 | 3, change: (value: number) => number) => {
    const pairs = pictures(1).map((picture) => {
      const input = toChannels(picture, from);
      const output = toChannels(input, to);
      return { input, output: { ...output, data: output.data.map(change) } };
    });
    return new Alarms(options, patches).notePictures(600, pairs).map(({ name }) => name);
  };
  for (const [from, to] of [
    [1, 3],
    [3, 1],
  ] as const) {
    assert.equal(
      raised(from, to, (value) => 255 - value),
      ["inversion"],
    );
    assert.equal(
      raised(from, to, (value) => 250 - 0.8 * value),
      ["inversion"],
    );
    assert.equal(
      raised(from, to, (value) => 0.8 * value + 40),
      [],
    );
  }
  assert.equal(
    raised(1, 3, (value) => value + 1),
    ["identity"],
  );
});

/** A disc of noise on a ground that is smooth, or is painted with stripes; 32 x 32. */
function disc(seed: number, stripes: number): Picture {
  const random = new Random(seed);
  const data = new Uint8Array(32 * 32 * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Math.floor(i / 3) % 32, Math.floor(i / 96)];
    const inside = (x - 16) ** 2 + (y - 16) ** 2 < 64;
    data[i] = inside ? random.integer(256) : 90 + 10 * seed + random.integer(8) + (x % 4 < 2 ? stripes : 0);
  }
  return { width: 32, height: 32, channels: 3, data };
}

test("a background that is painted, and not one of a domain whose pictures are like that", () => {
  const raised = (stripes: number, ofReals: number) => {
    const alarms = new Alarms(options, patches);
    const pairs = [1, 2, 3].map((seed) => ({ input: disc(seed, 0), output: disc(seed, stripes) }));
    const reals = [4, 5].map((seed) => disc(seed, ofReals));
    return alarms.notePictures(600, pairs, reals).map(({ name }) => name);
  };
  assert.equal(raised(80, 0), ["background painted"]);
  assert.equal(raised(15, 0), [], "faint marks");
  assert.equal(raised(80, 80), [], "B has stripes");
});

test("advice is of options that would change something", () => {
  const adviceOf = (given: Partial<typeof options> | { model: "enco" } | { nce_idt: false }) => {
    const alarms = new Alarms({ ...options, ...given }, patches);
    alarms.notePictures(
      600,
      pictures(1).map((input) => ({ input, output: { ...input, data: input.data.map((value) => 255 - value) } })),
    );
    for (let step = 1; step <= 100; step++) {
      alarms.noteLosses({ step, epoch: 1, seconds: 1, lr: 1, D_real: 0.01, D_fake: 0.01, G_GAN: 1 });
    }
    return alarms.raised.map(({ advice }) => advice);
  };
  const [inverted, won] = adviceOf({});
  assert.not.match(inverted, "--nce_idt");
  assert.match(won, "a lower --lr,");
  assert.match(adviceOf({ nce_idt: false })[0], "--nce_idt, --nce_layers");
  assert.match(adviceOf({ model: "enco" })[1], "a lower --lr_D,");
});

test("an alarm says in one line what was seen and what to try", () => {
  const alarms = new Alarms(options, patches);
  const [alarm] = alarms.noteLosses({ step: 7, epoch: 1, seconds: 1, lr: 1, D: 5000 });
  assert.is(alarmText(alarm), "alarm at step 7, losses explode: D is 5.00e+3. Try a lower --lr.");
});

test.run();
