// The commands that the benchmarks add to `cutgpu`.
import type { CommandList } from "../../cut/cli/terminal/index.js";

export const benchCommands = {
  bench: {
    summary: "measure the kernels, a training step, and what the adapter can do",
    load: () => import("./bench-command.js"),
  },
  plan: {
    summary: "count what a training step asks of the GPU, kernel by kernel, without running it",
    load: () => import("./plan-command.js"),
  },
  tune: {
    summary: "measure which kernels are the fastest here, and use them from then on",
    load: () => import("./tune-command.js"),
  },
} satisfies CommandList;
