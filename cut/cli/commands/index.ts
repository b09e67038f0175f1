// The commands of CUT.
import type { Page } from "../../web/build.js";
import type { CommandList } from "../terminal/index.js";

/** The list of commands. `pages` are what `web` shows. */
export function cutCommands(pages: readonly Page[]) {
  return {
    train: { summary: "train on two folders of pictures", load: () => import("./train-command.js") },
    translate: { summary: "translate pictures with a trained model", load: () => import("./translate-command.js") },
    sweep: { summary: "train with many settings, and compare them", load: () => import("./sweep-command.js") },
    merge: { summary: "join what shards of a job have done", load: () => import("./merge-command.js") },
    inspect: { summary: "show what a trained encoder sees in a picture", load: () => import("./inspect-command.js") },
    evaluate: { summary: "measure translations against real pictures", load: () => import("./evaluate-command.js") },
    metric: { summary: "measure how much of the content is kept", load: () => import("./metric-command.js") },
    export: { summary: "write a model for PyTorch or other tools", load: () => import("./export-command.js") },
    demo: { summary: "train a small model in minutes and show the result", load: () => import("./demo-command.js") },
    web: {
      summary: "translate, train and look inside in a browser tab",
      load: async () => ({ default: (await import("./web-command.js")).webCommand(pages) }),
    },
    doctor: { summary: "check the adapter, and say what to install", load: () => import("./doctor-command.js") },
  } satisfies CommandList;
}
