// The first page's entry: its three parts as tabs. A part that needs much code of its own is loaded when it is first
// opened.
import { CutgpuError } from "../../engine/lib/errors.js";
import { showAdapter } from "./adapter-view.js";
import { Board } from "./board.js";
import { byId } from "./dom.js";
import { attempt, clearMessage, tellError } from "./messages.js";
import { Session } from "./session.js";
import { TrainPart } from "./train-part.js";
import { openDemoModel, TranslatePart } from "./translate-part.js";

const parts = ["translate", "train", "inspect"] as const;
type Part = (typeof parts)[number];

const session = new Session();
new TranslatePart(session);
const train = new TrainPart((name, bytes) => {
  session.setModel(name, bytes);
  open("translate", true);
});

/** What a part does when it is opened for the first time. */
const openings: Record<Part, () => void | Promise<void>> = {
  translate: () => {
    new Board(session);
  },
  train: () => train.open(),
  inspect: async () => {
    const { InspectPart } = await import("./inspect-part.js").catch(() => {
      throw new CutgpuError("PAGE", "this part could not be loaded;", "check the connection, and open it again.");
    });
    new InspectPart(session);
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
  // The bare address is that of the first: a fragment would have the first Tab key pass over tabs and head.
  if ((location.hash.slice(1) || parts[0]) !== part) history.replaceState(null, "", `#${part}`);
  if (opened.has(part)) return;
  opened.add(part);
  // Until a part's code is loaded, its controls do nothing.
  const section = byId(part, "section");
  section.inert = true;
  attempt(async () => {
    try {
      await openings[part]();
    } catch (error) {
      opened.delete(part);
      throw error;
    } finally {
      section.inert = false;
    }
  });
}

for (const [i, part] of parts.entries()) {
  const tab = byId(`tab-${part}`, "button");
  tab.addEventListener("click", () => open(part));
  // The usual keys of tab lists: arrows move between tabs.
  tab.addEventListener("keydown", ({ key }) => {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: parts.length - 1 }[key];
    if (to !== undefined) open(parts[(to + parts.length) % parts.length], true);
  });
}
const fromAddress = () => parts.find((part) => part === location.hash.slice(1));
/** Kernels used to be a part of this page; their old addresses redirect to the page that they have now. */
const isOldAddress = () => location.hash === "#kernels";
const goToKernels = () => location.replace("kernels/");

addEventListener("hashchange", () => {
  if (isOldAddress()) return goToKernels();
  const part = fromAddress();
  if (part) open(part);
});
// A file dropped outside of the drop areas would replace the page.
for (const name of ["dragover", "drop"] as const) addEventListener(name, (event) => event.preventDefault());

async function begin(): Promise<void> {
  const gpu = await showAdapter(() => session.gpu());
  if (!gpu) return;
  train.suit(gpu.profile);
  await openDemoModel(session);
}

if (isOldAddress()) {
  goToKernels();
} else {
  open(fromAddress() ?? "translate");
  begin().catch(tellError);
}
