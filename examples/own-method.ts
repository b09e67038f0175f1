// A method of your own: pix2pix's, for pairs of pictures. G learns to make B of A, by L1 and by a discriminator that
// sees the translation alone. Recording, Adam, checkpoints, going on and translating come with `Training`; what is the
// method's own is this class. Run by the tests.
import { add, l1Loss, openGpu, scale, type Tensor } from "cutgpu";
import * as cut from "cutgpu/cut";

/** Weight of the L1 term, as in the paper. */
const LAMBDA_L1 = 100;

class Paired implements cut.Method {
  readonly networks: { G: cut.Generator; D: cut.Discriminator };
  readonly generator: cut.Generator;
  readonly patchFeatures = null;
  readonly kinds = ["usual"];

  constructor(...[gpu, options]: Parameters<cut.MakeMethod>) {
    const architecture = { ...options, blocks: 4 };
    this.generator = new cut.Generator(gpu, architecture);
    this.networks = { G: this.generator, D: new cut.Discriminator(gpu, { ...options, input_nc: options.output_nc }) };
  }

  /** Nothing is random in a step, so none of its tensors is written but the pictures. */
  inputs = () => ({});
  draw = () => ({ kinds: this.kinds, values: {} });

  record({ A, B, learn, log }: cut.StepRecording): Record<string, Tensor> {
    const { G, D } = this.networks;
    const fake = G.translate(A);
    const D_fake = cut.ganLoss("lsgan", D.score(fake.detach()), [false]);
    const D_real = cut.ganLoss("lsgan", D.score(B), [true]);
    learn(scale(add(D_fake, D_real), 0.5), "D");
    const G_GAN = cut.ganLoss("lsgan", D.score(fake, cut.frozen(D.parameters)), [true]);
    const L1 = l1Loss(fake, B);
    learn(add(G_GAN, scale(L1, LAMBDA_L1)), "G");
    log({ D_fake, D_real, G_GAN, L1 });
    return { fake };
  }
}

const side = 16;
const picture = (seed: number) => Float32Array.from({ length: 3 * side * side }, (_, i) => Math.sin(0.1 * i + seed));
const source: cut.BatchSource = {
  batchesPerEpoch: 4,
  async *batches({ from }) {
    for (let i = from; i < 4; i++) yield { A: picture(i), B: picture(i).map((x) => -x), height: side, width: side };
  },
};
const sizes = { lr: 0.005, ngf: 4, ndf: 4, netD: "n_layers", n_layers_D: 1, crop_size: side, load_size: side };
const options = cut.resolveOptions({ ...sizes, dataroot: "-", name: "-", init_type: "kaiming", max_steps: 40 });

const gpu = await openGpu();
const training = cut.Training.start(gpu, options, source, (...given) => new Paired(...given));
export const distances: number[] = [];
let saved = new Uint8Array();
await training.run({
  onLosses: ({ L1 = Number.NaN }) => distances.push(L1),
  onCheckpoint: (_, bytes) => {
    saved = new Uint8Array(bytes);
  },
});
const translator = new cut.Translator(gpu, cut.loadGenerator(gpu, saved, "the checkpoint"));
const { width } = await translator.translate(cut.planesToPicture(picture(0), 3, side, side));
console.log(`L1 from ${distances.at(0)?.toFixed(3)} to ${distances.at(-1)?.toFixed(3)}; ${width} pixels wide`);
gpu.dispose();
