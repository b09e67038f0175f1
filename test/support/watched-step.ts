// A training step whose pictures and gradients can be read: its recording copies them to tensors of their own. The
// step itself keeps only losses, so that the memory of gradients is free for others.
import type { StepRecording } from "../../cut/methods/method.js";
import type { TrainOptions } from "../../cut/options/train-schema.js";
import { TrainingStep } from "../../cut/training/training-step.js";
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";

export class WatchedStep extends TrainingStep {
  /** The pictures of the latest recording, as its method names them: what each replay of it makes. */
  readonly pictures: Record<string, Tensor> = {};
  /** Its gradients by network, in the order of the parameters; with f16 multiplied by the loss scale. */
  readonly gradients: Record<string, Tensor[]> = {};
  readonly #copies: Tensor[] = [];

  constructor(gpu: Gpu, options: TrainOptions) {
    super(gpu, options);
    const { method } = this;
    const record = method.record.bind(method);
    method.record = (recording) => {
      const learn: StepRecording["learn"] = (loss, ...networks) => {
        const learnt = recording.learn(loss, ...networks);
        for (const [name, tensors] of Object.entries(learnt)) {
          this.gradients[name] = tensors.map((tensor) => this.#copy(tensor));
        }
        return learnt;
      };
      const pictures = record({ ...recording, learn });
      for (const [name, picture] of Object.entries(pictures)) this.pictures[name] = this.#copy(picture);
      return pictures;
    };
  }

  override dispose(): void {
    super.dispose();
    for (const copy of this.#copies) copy.dispose();
  }

  #copy(tensor: Tensor): Tensor {
    const copy = this.gpu.persistent(tensor.shape, tensor.dtype);
    this.#copies.push(copy);
    copy.copyFrom(tensor.detach());
    return copy;
  }
}
