// The pages of `cutgpu web` and of `npm run build:web`, put together here, since CUT does not import the benchmarks.
import type { Page } from "../cut/web/build.js";

export const pages: readonly Page[] = [
  {
    sources: "cut/web",
    folder: "",
    entries: ["app.ts", "worker.ts", "style.css"],
    files: ["index.html", "icon.svg", "demo-model.safetensors", "drawings.png"],
  },
  {
    sources: "bench/web",
    folder: "kernels",
    entries: ["kernels-page.ts", "kernels.css"],
    files: ["index.html"],
  },
];
