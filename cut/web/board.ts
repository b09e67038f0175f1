// The drawing board of the part "Translate": drawings on the left are translated on the right, as fast as the GPU
// allows and never more than one translation at a time. It opens with an example on it. The drawing goes to the model
// without leaving the GPU.
import type { Gpu } from "../../engine/core/gpu.js";
import { byId, make, offer, showMilliseconds } from "./dom.js";
import { Drawing, type Point } from "./drawing.js";
import { exampleDrawings } from "./examples.js";
import { latest } from "./latest.js";
import { onClick, tellError } from "./messages.js";
import { pictureOf, pictureToPng, showPicture } from "./pictures.js";
import type { Session } from "./session.js";

/** Pixels per side of the translated drawing; the demo model knows drawings of both sizes. */
const SIDE = { gpu: 256, software: 128 } as const;

export class Board {
  readonly #session: Session;
  readonly #canvas = byId("board-input", "canvas");
  /** The drawing at the size at which it is translated. */
  readonly #frame = new OffscreenCanvas(SIDE.software, SIDE.software);
  readonly #drawing = new Drawing(this.#canvas, this.#frame);
  readonly #translate = latest(() => this.#translation(), tellError);
  #translations = 0;

  constructor(session: Session) {
    this.#session = session;
    this.#listen();
    onClick("board-undo", () => this.#change(() => this.#drawing.undo()));
    onClick("board-clear", () => this.#change(() => this.#drawing.clear()));
    onClick("board-save", () => this.#save());
    session.onModel(() => this.#translate());
    session.gpu().catch(() => this.#status("Without a GPU nothing is translated."));
    this.#fillExamples().catch(tellError);
  }

  /** Puts the first example on the board, and all of them below it to choose from. */
  async #fillExamples(): Promise<void> {
    const examples = await exampleDrawings();
    const buttons = examples.map(({ name, picture }) => {
      const canvas = make("canvas");
      showPicture(canvas, picture);
      const button = make("button", { type: "button", title: name, ariaLabel: `Draw: ${name}` }, canvas);
      button.addEventListener("click", () => this.#change(() => this.#drawing.put(canvas)));
      return button;
    });
    byId("board-examples", "fieldset").append(...buttons);
    // A visitor who drew before the examples were loaded keeps the drawing.
    if (!this.#drawing.canUndo) buttons[0].click();
  }

  /** Draws with mouse, finger or pen, with all points where the browser coalesced several of a move. */
  #listen(): void {
    const canvas = this.#canvas;
    const pointOf = ({ clientX, clientY }: PointerEvent): Point => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      return { x: (clientX - left) / width, y: (clientY - top) / height };
    };
    let pen: number | null = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (pen !== null || event.button !== 0) return;
      pen = event.pointerId;
      canvas.setPointerCapture(pen);
      this.#change(() => this.#drawing.begin(pointOf(event)));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== pen) return;
      const events = event.getCoalescedEvents?.() ?? [];
      this.#change(() => {
        for (const each of events.length > 0 ? events : [event]) this.#drawing.lead(pointOf(each));
      });
    });
    for (const name of ["pointerup", "pointercancel"] as const) {
      canvas.addEventListener(name, (event) => {
        if (event.pointerId !== pen) return;
        pen = null;
        this.#change(() => this.#drawing.end());
      });
    }
  }

  #change(change: () => void): void {
    change();
    byId("board-undo", "button").disabled = !this.#drawing.canUndo;
    if (this.#session.model) this.#translate();
  }

  async #translation(): Promise<void> {
    const output = byId("board-output", "canvas");
    output.ariaBusy = "true";
    try {
      this.#suit(await this.#session.gpu());
      const begun = performance.now();
      await this.#session.translateFrame(this.#frame, output);
      const { width, height } = this.#frame;
      this.#status(`${width} x ${height} pixels in ${showMilliseconds(performance.now() - begun)}`);
      // For tests of the page.
      output.dataset["translations"] = String(++this.#translations);
    } finally {
      output.ariaBusy = "false";
    }
  }

  /** Gives the drawing the size that suits the adapter. */
  #suit({ profile }: Gpu): void {
    if (this.#frame.width === SIDE[profile]) return;
    this.#frame.width = SIDE[profile];
    this.#frame.height = SIDE[profile];
    this.#drawing.repaint();
  }

  async #save(): Promise<void> {
    const picture = await this.#session.translate(pictureOf(await createImageBitmap(this.#frame)));
    offer(await pictureToPng(picture), "translation.png");
  }

  #status(text: string): void {
    byId("board-status", "span").textContent = text;
  }
}
