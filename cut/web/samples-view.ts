// Sample pictures of a training: one row per picture, first the picture itself, then its translations by step. For a
// long run the first, the last and some in between are shown.
import { thinned } from "../report/thinned.js";
import { make } from "./dom.js";
import type { Sample } from "./protocol.js";

const SHOWN = 7;

export class SamplesView {
  readonly #target: HTMLElement;
  /** Addresses of pictures by label and step; the input stands under step -1. */
  readonly #rows = new Map<string, Map<number, string>>();

  constructor(target: HTMLElement) {
    this.#target = target;
  }

  clear(): void {
    for (const row of this.#rows.values()) for (const url of row.values()) URL.revokeObjectURL(url);
    this.#rows.clear();
    this.#target.hidden = true;
  }

  add(samples: readonly Sample[]): void {
    for (const { label, step, png } of samples) {
      let row = this.#rows.get(label);
      if (!row) {
        row = new Map();
        this.#rows.set(label, row);
      }
      const old = row.get(step ?? -1);
      if (old) URL.revokeObjectURL(old);
      row.set(step ?? -1, URL.createObjectURL(png));
    }
    this.#draw();
  }

  #draw(): void {
    const steps = [...new Set([...this.#rows.values()].flatMap((row) => [...row.keys()]))].sort((a, b) => a - b);
    const inputs = steps.filter((step) => step < 0);
    const shown = [
      ...inputs,
      ...thinned(
        steps.filter((step) => step >= 0),
        SHOWN,
      ),
    ];
    const head = make("tr", {}, ...shown.map((step) => make("th", { scope: "col", textContent: caption(step) })));
    const body = [...this.#rows].map(([label, row]) =>
      make(
        "tr",
        {},
        ...shown.map((step) => {
          const url = row.get(step);
          if (!url) return make("td");
          const image = make("img", { src: url, alt: `${label}, ${caption(step)}`, className: "pixelated" });
          const cell = make("td", {}, image);
          // For narrow pages, where the table has no head.
          cell.dataset["caption"] = caption(step);
          return cell;
        }),
      ),
    );
    this.#target.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
    this.#target.hidden = false;
    // Scrolled to the newest; the inputs stay visible next to it.
    this.#target.scrollLeft = this.#target.scrollWidth;
  }
}

const caption = (step: number) => (step < 0 ? "input" : `step ${step.toLocaleString("en")}`);
