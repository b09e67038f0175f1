// What does the work of options and scripts of the PyTorch repository that have no namesake here, for error messages
// (https://github.com/taesungp/contrastive-unpaired-translation).

const noVisdom = "losses and pictures are in the run's report.html";
const folder = "a run's folder is --runs_dir and --name";

/** What does the work of an option, by its name there; without a full stop. */
export const insteadOfOption: ReadonlyMap<string, string> = new Map(
  Object.entries({
    checkpoints_dir: folder,
    suffix: folder,
    results_dir: "cutgpu translate writes to --out",
    num_test: "cutgpu translate takes all pictures of --in",
    phase: "train and translate are commands of their own",
    gpu_ids: "the GPU is found by itself, and the environment's CUTGPU_ADAPTER names another one",
    num_threads: "pictures are always loaded while the GPU works",
    dataset_mode: "two folders are unaligned, and --model sincut takes single pictures",
    evaluation_freq: "evaluations during training are --eval_freq",
    save_by_iter: "every epoch's checkpoint is named after the epoch",
    normG: "generators have instance norm",
    no_dropout: "networks have no dropout",
    epoch: "--continue_train goes on from the latest checkpoint",
    no_html: noVisdom,
    update_html_freq: noVisdom,
    display_id: noVisdom,
    display_env: noVisdom,
    display_port: noVisdom,
    display_server: noVisdom,
    display_ncols: noVisdom,
    display_winsize: noVisdom,
  }),
);

/** What does the work of a script, likewise. */
export const insteadOfCommand: ReadonlyMap<string, string> = new Map([["test", "test.py is cutgpu translate"]]);
