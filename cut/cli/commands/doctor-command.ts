// `cutgpu doctor`: whether this machine can train, found out by training; what it would use; and what to install where
// something is missing. Exit status 0 only if two steps give the expected losses.
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { AdapterError, CutgpuError } from "../../../engine/lib/errors.js";
import { fasterChoice } from "../../../engine/open/node.js";
import { group, profileOption } from "../../options/common-options.js";
import { errorMessage } from "../../options/error-message.js";
import { completeOptions, flag, type GivenOptions, option } from "../../options/schema.js";
import { type AdapterReport, checkTraining, reportAdapter, TOLERANCE, type TrainingReport } from "../doctor-checks.js";
import { openCommandGpu } from "../open-gpu.js";
import { defineCommand, print } from "../terminal/index.js";

const schema = v.strictObject({
  json: option(group, flag(), false, "print the findings as JSON, for machines"),
  profile: profileOption(group, "which kernels to check; auto follows the adapter"),
});

export default defineCommand({
  usage: "[--json] [--profile PROFILE]",
  options: schema,
  run: doctor,
});

/** Something worth knowing; an error keeps this machine from training. */
interface Finding {
  level: "error" | "advice";
  message: string;
  fix: string;
}

/** What --json prints; keys are added but never renamed. */
interface Findings {
  ok: boolean;
  adapter: AdapterReport | null;
  /** Whether no driver was found, so that the bundled SwiftShader is used. */
  bundled_driver: boolean;
  training: TrainingReport | null;
  seconds: { open: number; training: number };
  findings: Finding[];
}

async function doctor(given: GivenOptions<typeof schema>): Promise<void> {
  const { json, profile } = completeOptions(schema, given);
  const result = await examine(profile);
  print(json ? `${JSON.stringify(result, null, 2)}\n` : describe(result));
  const error = result.findings.find(({ level }) => level === "error");
  if (error) throw new CutgpuError("DOCTOR", error.message, error.fix);
}

async function examine(profile: "auto" | "gpu" | "software"): Promise<Findings> {
  // Looked up before a device is opened, because using the bundled SwiftShader changes the environment.
  const drivers = installedDrivers();
  const result: Findings = {
    ok: false,
    adapter: null,
    bundled_driver: false,
    training: null,
    seconds: { open: 0, training: 0 },
    findings: [],
  };
  const { findings, seconds } = result;
  const begun = performance.now();
  try {
    const gpu = await openCommandGpu(profile, {
      notify: () => {
        result.bundled_driver = true;
      },
    });
    try {
      const opened = performance.now();
      seconds.open = secondsSince(begun);
      result.adapter = reportAdapter(gpu);
      result.training = await checkTraining(gpu);
      seconds.training = secondsSince(opened);
      if (!result.training.ok) findings.push(wrongNumbers(result.training, result.adapter));
    } finally {
      gpu.dispose();
    }
  } catch (error) {
    if (!(error instanceof CutgpuError)) throw error;
    const fix = error.fix || "Try another or newer driver for the GPU.";
    findings.push({ level: "error", message: error.message, fix });
    if (error instanceof AdapterError && drivers) findings.push(refusedDrivers(drivers));
  }
  result.ok = findings.length === 0;
  if (result.bundled_driver) {
    if (drivers) findings.push(refusedDrivers(drivers));
    const message = "no usable Vulkan driver was found, so the bundled SwiftShader is used, which is slow";
    findings.push({ level: "advice", message, fix: fasterChoice() });
  } else if (result.adapter?.software) {
    const message = "this is a software adapter, which is enough for small pictures";
    findings.push({ level: "advice", message, fix: "If this machine has a GPU, install its own Vulkan driver." });
  }
  return result;
}

const secondsSince = (begun: number) => Number(((performance.now() - begun) / 1000).toFixed(3));

/** Where Vulkan's loader finds drivers on Linux, if the environment does not name them itself. */
const DRIVER_FOLDERS = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/** Where this machine's Vulkan drivers were found, in words; empty where there are none. */
function installedDrivers(): string {
  for (const variable of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]) {
    if (process.env[variable]) return `${variable} names ${process.env[variable]}`;
  }
  const manifests = DRIVER_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder).map((name) => join(folder, name)),
  );
  return manifests.length > 0
    ? `Vulkan drivers are installed (${manifests.map((path) => basename(path)).join(", ")})`
    : "";
}

function refusedDrivers(drivers: string): Finding {
  const named = drivers.startsWith("VK_");
  return {
    level: "advice",
    message: `${drivers}, but no WebGPU adapter came of it`,
    fix: named
      ? "Unset that variable, or let it name the manifest of a driver that works."
      : "Mesa must be of version 23 or later (Debian 12 has 22), and libvulkan.so.1 must be installed.",
  };
}

function wrongNumbers({ worst, losses }: TrainingReport, { driver }: AdapterReport): Finding {
  const { step, name, value, expected } = worst;
  const what = Number.isFinite(value)
    ? `the loss ${name} of step ${step} is ${value.toPrecision(6)} instead of ${expected}`
    : `the losses of step ${losses.length + 1} are not finite`;
  return {
    level: "error",
    message: `this adapter computes wrongly: ${what}`,
    fix: `Install another version of the driver (${driver || "unknown"}) or another driver.`,
  };
}

function bytes(count: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** unit;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/** The findings as an aligned list that ends with the verdict. */
function describe({ ok, adapter, bundled_driver, training, seconds, findings }: Findings): string {
  const rows: [string, string][] = [];
  if (adapter) {
    const { limits, features } = adapter;
    const { subgroups } = features;
    const [smallest, largest] = subgroups ?? [];
    const lanes = smallest === largest ? smallest : `${smallest} to ${largest}`;
    const device = adapter.device.replace(/-+$/, "") || adapter.architecture;
    const kind = bundled_driver ? "software, bundled" : adapter.software ? "software" : "GPU";
    rows.push(
      ["adapter", `${[adapter.vendor, device].filter(Boolean).join(" ")} (${kind})`],
      ["driver", adapter.driver || "unknown"],
      ["kernels", `profile ${adapter.profile}`],
      ["storage binding", bytes(limits.storage_binding_bytes)],
      ["buffer", bytes(limits.buffer_bytes)],
      ["workgroup", `${bytes(limits.workgroup_memory_bytes)}, ${limits.workgroup_invocations} invocations`],
      ["subgroups", subgroups ? `${lanes} lanes` : "no"],
      ["f16", features.f16 ? "yes" : "no"],
      ["timestamps", features.timestamps ? "yes" : "no"],
      ["opened in", `${seconds.open.toFixed(2)} s`],
    );
    // Dawn writes them to the process's standard error by itself, and has no switch for it.
    if (adapter.software)
      rows.push([
        "warnings",
        "Dawn's above, of limits that are artificially reduced, are harmless: none of them is used",
      ]);
  }
  if (training) {
    const { worst } = training;
    const off = Number.isFinite(worst.difference) ? worst.difference.toExponential(1) : "not finite";
    const { first_step, second_step } = training.seconds;
    rows.push([
      "two steps",
      `${training.ok ? "right" : "WRONG"}: losses are off by ${off} at most, ${TOLERANCE} allowed; ` +
        `${first_step.toFixed(2)} s with compiling, then ${second_step.toFixed(3)} s`,
    ]);
  }
  for (const { level, message, fix } of findings)
    rows.push([level, errorMessage(new CutgpuError("DOCTOR", message, fix))]);
  rows.push(["verdict", ok ? "this machine can train" : "this machine cannot train as it is"]);
  return rows.map(([name, value]) => `${name.padEnd(17)}${value}\n`).join("");
}
