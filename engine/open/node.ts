// The only module that uses dawn.node. Dawn looks for a Vulkan driver; if there is none, this unpacks SwiftShader, a
// software driver contained in the dev dependency @sparticuz/chromium (driver and loader), and loads it into this
// process: a loader opened by its full path stays resident, and Dawn's own dlopen("libvulkan.so.1") then finds it by
// name. This needs neither root nor a restart.
// Dawn crashes if the object returned by create() is collected while work is pending, hence the module-level reference.
// dawn.node is npm's webgpu, an optional peer dependency, loaded at the first call: web apps do not need it.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import type { Gpu } from "../core/gpu.js";
import { profileOf } from "../device/adapter.js";
import { loadSoftwareKernels } from "../device/software-kernels.js";
import { hasSubgroupMatrix, useSubgroupMatrix, withSubgroupMatrix } from "../device/subgroup-matrix.js";
import { checkOptions } from "../lib/check-options.js";
import { AdapterError } from "../lib/errors.js";
import { collectBindGroups } from "./collect-bind-groups.js";
import { type OpenOptions, openOptions, openGpu as openWith } from "./open.js";
import { paceImmediates } from "./pace-immediates.js";

export interface NodeOpenOptions extends OpenOptions {
  /** Dawn toggles and flags such as "enable-dawn-features=allow_unsafe_apis" (see the README of npm's webgpu). */
  flags?: string[];
}

let instance: GPU | null = null;
/** NVIDIA's driver hides f16 without the first toggle, Dawn tensor cores without the second. */
export const DEFAULT_FLAGS: readonly string[] = ["enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis"];
const PREFERENCE = { powerPreference: "high-performance" } as const;
const RTLD_NODELETE = 0x1000;

/**
 * Opens an engine on the best adapter of this machine, or on your own device or adapter. Throws an AdapterError if
 * there is none, or if npm's webgpu is not installed.
 *
 * @example
 * ```ts
 * import { matmul, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu({ profile: "software", notify: console.log });
 * const x = gpu.tensor([1, 2, 3, 4], [2, 2]);
 * console.log(await matmul(x, x).read()); // 7, 10, 15, 22
 * gpu.dispose();
 * ```
 */
export async function openGpu(options: NodeOpenOptions = {}): Promise<Gpu> {
  checkNodeOptions("openGpu", options);
  // In Node the size of a bundle does not matter, and a tuning table may be applied later.
  await loadSoftwareKernels();
  const { flags: _, ...others } = options;
  if (options.device) return openWith(others);
  const adapter = options.adapter ?? (await requestAdapter(options));
  if (!adapter) {
    throw new AdapterError(
      "no WebGPU adapter was found: this machine has no Vulkan driver, and the bundled software driver could not be " +
        "used",
      fasterChoice(),
    );
  }
  const matrices = options.precision === "f16" && hasSubgroupMatrix(adapter);
  const gpu = await openWith({ ...others, adapter: matrices ? withSubgroupMatrix(adapter) : adapter });
  collectBindGroups(gpu.device);
  if (profileOf(gpu.info) === "software") paceImmediates();
  if (matrices) useSubgroupMatrix(gpu.kernels);
  return gpu;
}

const checkNodeOptions = (name: string, options: NodeOpenOptions) =>
  checkOptions(name, options, { ...openOptions(), flags: [Array.isArray, "an array of strings"] });

/**
 * The adapter that openGpu would use, or null.
 *
 * @example
 * ```ts
 * const adapter = await requestAdapter();
 * console.log(adapter ? adapterName(adapter) : fasterChoice());
 * ```
 */
export async function requestAdapter(options: NodeOpenOptions = {}): Promise<GPUAdapter | null> {
  checkNodeOptions("requestAdapter", options);
  // Deno has WebGPU of its own.
  if (typeof navigator !== "undefined" && navigator.gpu) return navigator.gpu.requestAdapter(PREFERENCE);
  const { create } = await loadDawn();
  // Without it Mesa prints a warning to stderr.
  process.env["XDG_RUNTIME_DIR"] ??= tmpdir();
  const flags = [...(options.flags ?? DEFAULT_FLAGS)];
  instance ??= create(flags);
  const adapter = await instance.requestAdapter(PREFERENCE).catch((error: Error) => refuseUnknown(flags, error));
  if (adapter) return adapter;
  const driver = softwareDriverFolder();
  if (!driver) return null;
  loadSoftwareDriver(driver);
  instance = create(flags);
  const software = await instance.requestAdapter().catch((error: Error) => refuseUnknown(flags, error));
  if (software)
    options.notify?.(`no Vulkan driver was found, so SwiftShader is used, which is slow. ${fasterChoice()}`);
  return software;
}

/** Throws if the flags name an adapter that does not exist; Dawn lists the others in its error. */
function refuseUnknown(flags: readonly string[], { message }: Error): null {
  const wanted = flags.find((flag) => flag.startsWith("adapter="))?.slice("adapter=".length);
  const names = [...message.matchAll(/name: '([^\n]*)'/g)].map(([, name]) => name);
  if (wanted === undefined || names.length === 0) return null;
  throw new AdapterError(`no adapter's name has "${wanted}" in it`, `This machine has: ${names.join("; ")}.`);
}

async function loadDawn(): Promise<typeof import("webgpu")> {
  try {
    return await import("webgpu");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new AdapterError(
      "WebGPU without a browser comes from the package webgpu, which is not installed",
      "Install it with `npm install webgpu`.",
    );
  }
}

/**
 * A hint for users on how to get a faster adapter on this machine.
 *
 * @example
 * ```ts
 * if (gpu.profile === "software") console.log(fasterChoice());
 * ```
 */
export function fasterChoice(): string {
  if (process.platform !== "linux") return "Install a current driver for the GPU of this machine.";
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  if (/^VERSION_CODENAME=bookworm/m.test(release)) {
    const packages = "-t bookworm-backports mesa-vulkan-drivers libvulkan1";
    return `Faster on Debian 12: the GPU's own driver, or Mesa 25's lavapipe: \`apt-get install ${packages}\`.`;
  }
  if (/^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release)) {
    const packages = "mesa-vulkan-drivers libvulkan1";
    return `Faster here: the GPU's own driver, or lavapipe: \`apt-get install ${packages}\` (Mesa 23 or later).`;
  }
  if (/^ID(_LIKE)?=.*(fedora|rhel)/m.test(release)) {
    return "Faster here: the GPU's own driver, or lavapipe: `dnf install mesa-vulkan-drivers vulkan-loader`.";
  }
  return "Faster here: the GPU's own Vulkan driver, or Mesa's lavapipe (Mesa 23 or later).";
}

/**
 * The folder with SwiftShader (vk_swiftshader_icd.json, the driver, a loader), unpacked once per user; null if the
 * package is not installed.
 */
export function softwareDriverFolder(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  let archive: string;
  try {
    // Its package.json is not exported; its entry lies in build/cjs.
    const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
    archive = join(entry, "..", "..", "..", "bin", "swiftshader.tar.br");
  } catch {
    return null;
  }
  if (!existsSync(archive)) return null;
  // In the user's own cache: other users could plant a library in a shared folder.
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "cutgpu");
  const folder = join(cache, "swiftshader");
  if (existsSync(join(folder, "vk_swiftshader_icd.json"))) return folder;
  let parent = cache;
  try {
    mkdirSync(cache, { recursive: true });
  } catch {
    parent = tmpdir();
  }
  // Unpacked into a temporary folder and renamed, so that no process sees an incomplete one.
  const temporary = mkdtempSync(join(parent, "unpack-"));
  for (const [name, bytes] of untar(brotliDecompressSync(readFileSync(archive))))
    writeFileSync(join(temporary, name), bytes);
  if (parent !== cache) return temporary;
  try {
    renameSync(temporary, folder);
  } catch {
    // Another process was faster, or the folder is incomplete; this copy is complete.
    return existsSync(join(folder, "vk_swiftshader_icd.json")) ? folder : temporary;
  }
  return folder;
}

/** Bytes of a block in a tar archive: headers take one block, contents are padded to whole blocks. */
const TAR_BLOCK = 512;

/** The files in the root of a tar archive (ustar: sizes in octal). */
function* untar(archive: Uint8Array): Generator<[string, Uint8Array]> {
  const text = (from: number, length: number) =>
    String.fromCharCode(...archive.subarray(from, from + length)).split("\0")[0];
  for (let at = 0; at + TAR_BLOCK <= archive.length && archive[at] !== 0; ) {
    const name = text(at, 100);
    const size = Number.parseInt(text(at + 124, 12), 8);
    if (text(at + 156, 1) === "0" && !name.includes("/"))
      yield [name, archive.subarray(at + TAR_BLOCK, at + TAR_BLOCK + size)];
    at += TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}

function loadSoftwareDriver(folder: string): void {
  // The old and the new name of the same variable; the loader prefers the new one.
  process.env["VK_ICD_FILENAMES"] = join(folder, "vk_swiftshader_icd.json");
  process.env["VK_DRIVER_FILES"] = process.env["VK_ICD_FILENAMES"];
  try {
    process.dlopen({ exports: {} }, join(folder, "libvulkan.so.1"), constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch {
    // Node throws because the library is not an addon, but by then it is loaded, which is the purpose.
  }
}
