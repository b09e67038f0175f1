// The generator is found in whatever file holds exactly one: under any prefix, beside other networks and optimisers.
// Several are named, and generators that cannot be used are refused.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Generator } from "../../../cut/networks/generator.js";
import type { GeneratorArchitecture } from "../../../cut/networks/generator-layout.js";
import { singleImageArchitecture, singleImageShapes } from "../../../cut/networks/single-image-layout.js";
import { generatorStateDict, parseGenerator } from "../../../cut/training/generator-file.js";
import { serializePth } from "../../../engine/formats/pth.js";
import { serializeSafetensors } from "../../../engine/formats/safetensors.js";
import type { StoredTensor } from "../../../engine/formats/state-dict.js";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { messageOf } from "../../support/gpu.js";

const architecture: GeneratorArchitecture = {
  input_nc: 3,
  output_nc: 1,
  ngf: 2,
  blocks: 4,
  no_antialias: false,
  no_antialias_up: false,
};

type Tensors = Map<string, StoredTensor>;

/** A generator's state_dict, every weight of which is `value`. */
function generator(value: number, as: Partial<GeneratorArchitecture> = {}): Tensors {
  const made = { ...architecture, ...as };
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [key, shape] of Generator.shapes(made)) {
    weights.set(key, new Float32Array(shape.reduce((n, size) => n * size, 1)).fill(value));
  }
  return generatorStateDict(made, weights).tensors;
}

const under = (prefix: string, tensors: Tensors): Tensors =>
  new Map([...tensors].map(([key, tensor]) => [prefix + key, tensor]));

const both = ({ tensors }: { tensors: Tensors }): Uint8Array[] => [
  serializePth({ tensors, metadata: {} }),
  serializeSafetensors({ tensors, metadata: {} }),
];

const one: StoredTensor = { dtype: "F32", shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4) };
const others: Tensors = new Map([
  ["netD.model.0.weight", one],
  ["netF.mlp_0.0.weight", one],
  ["optimizer.state.0.exp_avg", one],
  ["loss.vgg.features.0.weight", one],
]);

const prefixes = [
  "",
  "module.",
  "_orig_mod.",
  "module._orig_mod.",
  "module.module.",
  "netG.",
  "netG.module.",
  "model.",
];

for (const prefix of prefixes) {
  test(`a generator under "${prefix}", alone and beside other networks`, () => {
    const alone = under(prefix, generator(0.5));
    for (const tensors of [alone, new Map([...others, ...alone])]) {
      for (const bytes of both({ tensors })) {
        const found = parseGenerator(bytes, "net");
        assert.equal(found.architecture, architecture);
        assert.equal([...(found.weights.get("model.1.bias") ?? [])], [0.5, 0.5]);
      }
    }
  });
}

/** The error that `work` must throw. */
function refusalOf(work: () => unknown): CutgpuError {
  try {
    work();
  } catch (error) {
    if (error instanceof CutgpuError) return error;
    throw error;
  }
  return assert.unreachable("it was taken") as never;
}

const refused = (tensors: Tensors) => both({ tensors }).map((bytes) => messageOf(() => parseGenerator(bytes, "net")));

test("SinCUT's generator goes out by the published keys and comes back", () => {
  const architecture = singleImageArchitecture({ input_nc: 3, output_nc: 1, ngf: 1, ndf: 1, crop_size: 128 });
  const weights = new Map(
    [...singleImageShapes(architecture)].map(([key, shape], i) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return [key, new Float32Array(size).fill(i / 64)];
    }),
  );
  const { tensors } = generatorStateDict(architecture, weights);
  const blur = tensors.get("decoder.convs.3.conv.blur.kernel")?.data as Float32Array;
  assert.equal(
    [...blur.subarray(0, 4)],
    [1, 3, 3, 1].map((v) => v / 16),
  );
  for (const prefix of ["", "G.", "netG.module."]) {
    for (const bytes of both({ tensors: under(prefix, tensors as Tensors) })) {
      assert.equal(parseGenerator(bytes, "net"), { architecture, weights });
    }
  }
});

test("several generators are named", () => {
  const tensors = new Map([...under("G.", generator(1)), ...under("G_ema.module.", generator(2))]);
  for (const said of refused(tensors)) assert.match(said, /net holds several generators: G, G_ema\.module/);
});

test("of the generators of two ways the direction says which", () => {
  const tensors = new Map([...under("G_A.", generator(1)), ...under("netG_B.module.", generator(2))]);
  for (const bytes of both({ tensors })) {
    const bias = (direction?: "AtoB" | "BtoA") =>
      parseGenerator(bytes, "net", direction).weights.get("model.1.bias")?.[0];
    assert.equal([bias(), bias("AtoB"), bias("BtoA")], [1, 1, 2]);
  }
  const [alone] = both({ tensors: generator(1) });
  assert.match(
    messageOf(() => parseGenerator(alone, "latest_net_G_A.pth", "BtoA")),
    /holds no two generators/,
  );
  assert.ok(parseGenerator(alone, "run/latest_net_G_B.pth", "BtoA"));
});

test("of two, the one that can be used is taken", () => {
  const tensors = new Map([...under("G.", generator(Number.NaN)), ...under("G_ema.", generator(2))]);
  for (const bytes of both({ tensors })) {
    assert.is(parseGenerator(bytes, "net").weights.get("model.1.bias")?.[0], 2);
  }
});

test("another network is named, with what takes it", () => {
  const key = (name: string, shape = [1, 1, 4, 4]) => new Map([[name, { ...one, shape, data: new Float32Array(16) }]]);
  const known: [Tensors, what: string, advice: string][] = [
    [key("model.0.weight"), "a discriminator, D", "--pretrained_name"],
    [key("module.net.0.weight"), "a discriminator, D", "--pretrained_name"],
    [key("mlp_0.0.weight", [4, 4]), "the heads of patch features, F", "--pretrained_name"],
    [new Map([...key("mlp_0.0.weight", [4, 4]), ...key("prj_0.0.weight", [4, 4])]), "EnCo's heads, F", "--pretrained"],
    [key("model.model.1.model.0.weight"), "a U-Net generator", "ResNet generators"],
    [key("convs.1.conv1.modulation.weight"), "a StyleGAN2 generator", "ResNet generators"],
    [key("final_conv.0.weight"), "SinCUT's discriminator, D", "--pretrained_name"],
    [key("Mixed_5b.branch1x1.conv.weight"), "FID's Inception network", "evaluate --features"],
    [key("lin0.model.1.weight"), "the weights of LPIPS", "evaluate --lpips"],
  ];
  for (const [tensors, what, advice] of known) {
    for (const bytes of both({ tensors })) {
      const { message, fix } = refusalOf(() => parseGenerator(bytes, "net"));
      assert.match(message, `net holds ${what}`);
      assert.match(fix, advice);
    }
  }
  const normed = new Map([...generator(1), ...key("model.2.weight", [16])]);
  for (const said of refused(normed)) assert.match(said, "model.2.weight has no place in it, which is a batch norm's");
});

test("a file without a generator says what it has, or what is amiss with the likest", () => {
  for (const said of refused(new Map([["layer.weight", one]])))
    assert.match(said, /no ResNet generator.* layer\.weight/);
  const damaged = new Map([...others, ...under("netG.", generator(1))]);
  damaged.delete("netG.model.1.bias");
  for (const said of refused(damaged)) assert.match(said, /model\.1\.bias is missing/);
});

for (const [channels, as] of [
  [4, { input_nc: 4 }],
  [6, { input_nc: 6 }],
  [2, { output_nc: 2 }],
] as const) {
  test(`a generator with ${channels} channels is refused by that number`, () => {
    for (const said of refused(generator(1, as)))
      assert.match(said, new RegExp(`${channels} channels.* \\(1\\) or RGB`));
  });
}

for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`a weight that is ${value} is refused by its key`, () => {
    const tensors = generator(1);
    const [key, { shape }] = [...tensors][3];
    const data = new Float32Array(shape.reduce((n, size) => n * size, 1)).fill(1);
    data[data.length - 1] = value;
    tensors.set(key, { dtype: "F32", shape, data });
    for (const said of refused(tensors)) assert.match(said, new RegExp(`infinite or NaN, in ${key}`));
  });
}

test.run();
