// The page's entry: its four parts as tabs, the adapter's name, and what to do where there is no WebGPU. The parts that need much
// code of their own are loaded when they are first opened.

import { adapterLabel } from "../../engine/device/adapter.js";
import { byId } from "./dom.js";
import { attempt, clearMessage, tellError } from "./messages.js";
import { Session } from "./session.js";
import { TrainPart } from "./train-part.js";
import { openDemoModel, TranslatePart } from "./translate-part.js";

const parts = ["translate", "train", "inspect", "kernels"] as const;
type Part = (typeof parts)[number];

const session = new Session();
new TranslatePart(session);
const train = new TrainPart((name, bytes) => {
  session.setModel(name, bytes);
  open("translate", true);
});

/** What a part does when it is opened for the first time. */
const openings: Record<Part, () => void | Promise<void>> = {
  translate: () => undefined,
  train: () => train.open(),
  inspect: async () => {
    const { InspectPart } = await import("./inspect-part.js");
    new InspectPart(session);
  },
  kernels: async () => {
    const { KernelsPart } = await import("../../bench/web/kernels-page.js");
    new KernelsPart(session);
  },
};
const opened = new Set<Part>();

function open(part: Part, focus = false): void {
  for (const each of parts) {
    const chosen = each === part;
    const tab = byId(`tab-${each}`, "button");
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen && focus) tab.focus();
    byId(each, "section").hidden = !chosen;
  }
  clearMessage();
  if (location.hash.slice(1) !== part) history.replaceState(null, "", `#${part}`);
  if (opened.has(part)) return;
  opened.add(part);
  // Until a part's code is there, nothing in it listens.
  const section = byId(part, "section");
  section.inert = true;
  attempt(async () => {
    try {
      await openings[part]();
    } finally {
      section.inert = false;
    }
  });
}

for (const [i, part] of parts.entries()) {
  const tab = byId(`tab-${part}`, "button");
  tab.addEventListener("click", () => open(part));
  // As tab lists work everywhere: arrows move between tabs.
  tab.addEventListener("keydown", ({ key }) => {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: parts.length - 1 }[key];
    if (to !== undefined) open(parts[(to + parts.length) % parts.length], true);
  });
}
const fromAddress = () => parts.find((part) => part === location.hash.slice(1));
addEventListener("hashchange", () => {
  const part = fromAddress();
  if (part) open(part);
});
// A file dropped beside the places made for it would replace the page.
for (const name of ["dragover", "drop"] as const) addEventListener(name, (event) => event.preventDefault());

async function begin(): Promise<void> {
  if (!navigator.gpu) return missing("It has no navigator.gpu.");
  try {
    const gpu = await session.gpu();
    const { profile } = gpu;
    train.suit(profile);
    const speed = profile === "software" ? ", a software adapter: expect seconds, not milliseconds" : "";
    byId("adapter", "p").textContent = `GPU: ${adapterLabel(gpu) || "unnamed"}${speed}`;
  } catch (error) {
    missing(error instanceof Error ? `${error.message.replace(/\.$/, "")}.` : "");
    return;
  }
  await openDemoModel(session);
}

function missing(why: string): void {
  byId("adapter", "p").textContent = "No GPU";
  byId("no-webgpu", "section").hidden = false;
  byId("no-webgpu-why", "p").textContent = `${why[0].toUpperCase()}${why.slice(1)} These browsers have WebGPU:`;
}

open(fromAddress() ?? "translate");
begin().catch(tellError);
