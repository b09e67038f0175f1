// The jobs of the peers, and their inputs. Both sides make the inputs from the same seeds, so that only results travel
// between the processes. Layouts are ours (and PyTorch's): NCHW, weights [out, in, kh, kw]; a peer that prefers another
// rearranges them before its clock starts.
import { type GeneratorArchitecture, generatorShapes } from "../../cut/networks/generator-layout.js";
import { fill } from "./fill.js";

export interface ConvolutionJob {
  id: string;
  /** Forward, gradient of the input, gradient of the weights. */
  kind: "conv2d" | "conv2d.dx" | "conv2d.dw";
  batch: number;
  in_channels: number;
  out_channels: number;
  height: number;
  width: number;
  kernel: number;
  stride: number;
  padding: number;
  mode: "zeros" | "reflect";
}

/** [m, k] times [k, n]. */
export interface MatmulJob {
  id: string;
  kind: "matmul";
  m: number;
  n: number;
  k: number;
}

/** CUT's ResNet generator with its anti-aliased changes of size, on square pictures of three channels. */
export interface GeneratorJob {
  id: string;
  /** Forward; or forward, and the gradients of all parameters of sum(output * dy). */
  kind: "generator" | "generator.backward";
  ngf: number;
  blocks: number;
  size: number;
  batch: number;
}

/** GELU by tanh of x [channels, size, size] plus bias [channels, 1, 1], and the gradient of x, given dy. */
export interface BiasGeluJob {
  id: string;
  kind: "biasGelu.backward";
  channels: number;
  size: number;
}

export type PeerJob = ConvolutionJob | MatmulJob | GeneratorJob | BiasGeluJob;

export interface PeerInput {
  shape: readonly number[];
  data: Float32Array<ArrayBuffer>;
}

/**
 * Inputs by name: x, w, dy of a convolution; a, b of a matmul; x, bias, dy of a GELU; x, dy and the parameters' keys of
 * a generator.
 */
export type PeerInputs = Map<string, PeerInput>;

/**
 * The job in the form that peers can do. Gradients through reflection padding become those of an unpadded convolution
 * of the padded picture: not every peer has that padding's gradient, and TensorFlow.js 4.22 has it wrong.
 */
export function comparable(job: PeerJob): PeerJob {
  if ((job.kind !== "conv2d.dx" && job.kind !== "conv2d.dw") || job.mode === "zeros") return job;
  const { padding, height, width } = job;
  return { ...job, height: height + 2 * padding, width: width + 2 * padding, padding: 0, mode: "zeros" };
}

/** The measured generator, ours and theirs: pictures of three channels, anti-aliased changes of size. */
export const generatorArchitecture = ({ ngf, blocks }: { ngf: number; blocks: number }): GeneratorArchitecture => ({
  input_nc: 3,
  output_nc: 3,
  ngf,
  blocks,
  no_antialias: false,
  no_antialias_up: false,
});

/** The output of a convolution, [batch, out_channels, rows, columns]. */
export function convolutionOutput(job: ConvolutionJob): [number, number, number, number] {
  const out = (size: number) => Math.floor((size + 2 * job.padding - job.kernel) / job.stride) + 1;
  return [job.batch, job.out_channels, out(job.height), out(job.width)];
}

/** The inputs of a job, in the same bits in every process. */
export function inputsOf(job: PeerJob): PeerInputs {
  const inputs: PeerInputs = new Map();
  const add = (name: string, shape: readonly number[], scale = 1) => {
    const count = shape.reduce((product, n) => product * n, 1);
    inputs.set(name, { shape, data: fill(inputs.size, count, scale) });
  };
  switch (job.kind) {
    case "matmul":
      add("a", [job.m, job.k]);
      add("b", [job.k, job.n]);
      return inputs;
    case "conv2d":
    case "conv2d.dx":
    case "conv2d.dw":
      add("x", [job.batch, job.in_channels, job.height, job.width]);
      add("w", [job.out_channels, job.in_channels, job.kernel, job.kernel]);
      add("dy", convolutionOutput(job));
      return inputs;
    case "biasGelu.backward": {
      const image = [job.channels, job.size, job.size];
      add("x", image, 3);
      add("bias", [job.channels, 1, 1]);
      add("dy", image);
      return inputs;
    }
    default: {
      add("x", [job.batch, 3, job.size, job.size]);
      add("dy", [job.batch, 3, job.size, job.size]);
      for (const [key, shape] of generatorShapes(generatorArchitecture(job))) {
        // Weights that keep the variance of the activations, as a trained network's roughly do.
        const fanIn = shape.slice(1).reduce((product, n) => product * n, 1);
        add(key, shape, shape.length > 1 ? Math.sqrt(3 / fanIn) : 0.1);
      }
      return inputs;
    }
  }
}
