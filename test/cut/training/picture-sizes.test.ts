// Sizes of pictures that cannot be trained on, told before the first step.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { resolveOptions } from "../../../cut/options/train-options.js";
import type { TrainOptions } from "../../../cut/options/train-schema.js";
import { checkSizes, sizeChange, sizesMatter } from "../../../cut/training/picture-sizes.js";
import type { CutgpuError } from "../../../engine/lib/errors.js";

const options = (given: Partial<TrainOptions>) =>
  resolveOptions({ dataroot: "-", name: "-", netD: "n_layers", n_layers_D: 1, ...given });

const pictures = (name: string, ...sizes: ([number, number] | null)[]) =>
  sizes.map((size, i) => ({ path: `${name}${i}`, size: size && { width: size[0], height: size[1] } }));

/** What is said of pictures of these sizes; empty where they can be trained on. */
function refusal(A: ([number, number] | null)[], B: ([number, number] | null)[], given: Partial<TrainOptions>): string {
  try {
    checkSizes(pictures("a", ...A), pictures("b", ...B), options(given));
    return "";
  } catch (error) {
    const { message, fix } = error as CutgpuError;
    return `${message} ${fix}`;
  }
}

test("a picture that is smaller than the crop: the smallest is named, so that the advice holds for all", () => {
  const given: Partial<TrainOptions> = { preprocess: "crop", crop_size: 48, load_size: 48 };
  assert.is(refusal([[48, 48]], [[100, 60], null], given), "");
  const said = refusal(
    [
      [60, 40],
      [90, 90],
    ],
    [null, [30, 99], [47, 47]],
    given,
  );
  assert.match(said, /^b1 is 30 x 99 pixels .*, or a crop_size of 30 or less\.$/);
});

test("pictures that keep their own size and may meet", () => {
  const none: Partial<TrainOptions> = { preprocess: "none" };
  assert.is(refusal([[64, 48]], [[64, 48], [65, 47], null], none), "", "they are the same in multiples of 4");
  assert.match(
    refusal(
      [[64, 48]],
      [
        [64, 48],
        [64, 60],
      ],
      none,
    ),
    /a0 \(64 x 48 pixels\) and b1 \(64 x 60\) meet/,
  );
  assert.match(
    refusal(
      [
        [64, 48],
        [48, 64],
      ],
      [[64, 48]],
      none,
    ),
    /a1 \(48 x 64 pixels\) and b0 \(64 x 48\) meet/,
  );
  // In their order only those of the same number meet.
  const serial: Partial<TrainOptions> = { ...none, serial_batches: true };
  assert.is(
    refusal(
      [
        [64, 48],
        [48, 64],
      ],
      [
        [64, 48],
        [48, 64],
      ],
      serial,
    ),
    "",
  );
  assert.match(
    refusal(
      [
        [64, 48],
        [48, 64],
        [64, 48],
      ],
      [
        [64, 48],
        [48, 64],
      ],
      serial,
    ),
    "",
  );
  assert.match(
    refusal(
      [
        [64, 48],
        [48, 64],
      ],
      [[64, 48]],
      serial,
    ),
    /a1 .* and b0 /,
  );
});

test("shapes that are one size only until the decay phase", () => {
  const given: Partial<TrainOptions> = { preprocess: "scale_width", load_size: 32, crop_size: 64 };
  // Of width 32 both are at least as high as the crop; of width 64 one is higher.
  assert.match(refusal([[100, 100]], [[100, 150]], given), /a0 \(64 x 64 pixels\) and b0 \(64 x 96\) meet/);
  assert.is(refusal([[100, 100]], [[100, 150]], { ...given, n_epochs_decay: 0 }), "");
});

test("a picture that is too small for the discriminator", () => {
  const given: Partial<TrainOptions> = { preprocess: "none", netD: "basic" };
  assert.match(refusal([[16, 64]], [[16, 64]], given), /a0 is 16 x 64 pixels in training, too small .* basic\./);
  assert.is(refusal([[128, 128]], [[128, 128]], given), "");
});

test("headers are read only where sizes matter", () => {
  const kinds = ["resize_and_crop", "resize", "scale_width_and_crop", "scale_shortside_and_crop"] as const;
  assert.not.ok(kinds.some((preprocess) => sizesMatter({ preprocess })));
  const own = ["crop", "none", "scale_width", "scale_shortside"] as const;
  assert.ok(own.every((preprocess) => sizesMatter({ preprocess })));
});

test("a size that jumps in the decay phase is told", () => {
  assert.match(
    sizeChange(options({ preprocess: "resize", load_size: 32 })) as string,
    /load_size 32 until epoch 200 and to crop_size 256 .* --crop_size 32/,
  );
  assert.is(sizeChange(options({ preprocess: "resize", load_size: 32, crop_size: 32 })), null);
  assert.is(sizeChange(options({ preprocess: "resize", load_size: 32, n_epochs_decay: 0 })), null);
  assert.is(sizeChange(options({})), null);
});

test.run();
