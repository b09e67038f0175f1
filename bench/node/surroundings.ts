// What a benchmark needs of Node: bytes of the heap after a collection, and processes of its own for cold starts. It
// starts bench/node/cold-start.ts and finds it in its own folder, built file by file as in the published bundle.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Profile } from "../../engine/device/adapter.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import type { Surroundings } from "../measurement/case.js";

const COLD_START_LIMIT_MS = 120_000;

/** Surroundings for runBench in Node, on the adapter that commands take. */
export function nodeSurroundings(profile: Profile | "auto", signal?: AbortSignal): Required<Surroundings> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  return {
    heapBytes() {
      collect();
      return process.memoryUsage().heapUsed;
    },
    async coldStart() {
      const cache = await mkdtemp(join(tmpdir(), "cutgpu-cold-"));
      // Mesa's and NVIDIA's caches of compiled shaders.
      const env = { ...process.env, MESA_SHADER_CACHE_DIR: cache, __GL_SHADER_DISK_CACHE_PATH: cache };
      const script = fileURLToPath(new URL("./cold-start.js", import.meta.url));
      const once = async () => {
        const options = { env, signal, timeout: COLD_START_LIMIT_MS };
        try {
          return Number((await promisify(execFile)(process.execPath, [script, profile], options)).stdout);
        } catch (error) {
          signal?.throwIfAborted();
          const { killed, code } = error as { killed?: boolean; code?: unknown };
          const limit = `took more than ${COLD_START_LIMIT_MS / 1000} s`;
          throw new CutgpuError("COLD_START", `the process of its own ${killed ? limit : `ended with status ${code}`}`);
        }
      };
      try {
        const cold = await once();
        return { cold, warm: await once() };
      } finally {
        await rm(cache, { recursive: true, force: true });
      }
    },
  };
}
