// A drawing in layers (examples, strokes and a wiped board), each over the ones before, painted at once on several
// canvases of different sizes. The last layer can be undone.
/** A point of the square drawing, 0 to 1 from its top left corner. */
export interface Point {
  x: number;
  y: number;
}

/** As wide as OpenMoji draws its lines: 2 of 72 units. */
const LINE = 2 / 72;
const BOARD = "#000";
const CHALK = "#fff";

type Canvas = HTMLCanvasElement | OffscreenCanvas;
type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
type Layer = { kind: "wiped" } | { kind: "picture"; image: CanvasImageSource } | { kind: "stroke"; points: Point[] };

export class Drawing {
  readonly #contexts: Context[] = [];
  readonly #layers: Layer[] = [];

  constructor(...canvases: Canvas[]) {
    for (const canvas of canvases) {
      const context = canvas.getContext("2d") as Context | null;
      if (!context) throw new Error("this browser gives no 2D canvas");
      this.#contexts.push(context);
    }
    this.#add({ kind: "wiped" });
  }

  /** Whether there is something to undo. */
  get canUndo(): boolean {
    return this.#layers.length > 1;
  }

  /** Wipes the board. */
  clear(): void {
    this.#add({ kind: "wiped" });
  }

  /** Covers everything with a square picture. */
  put(image: CanvasImageSource): void {
    this.#add({ kind: "picture", image });
  }

  /** Begins a stroke with a dot. */
  begin(point: Point): void {
    this.#add({ kind: "stroke", points: [point] });
  }

  /** Continues the stroke; `end` closes the little gap to its last point. */
  lead(point: Point): void {
    const stroke = this.#layers.at(-1);
    if (stroke?.kind !== "stroke") return;
    stroke.points.push(point);
    this.#paint((context) => paintPiece(context, stroke.points, stroke.points.length - 1));
  }

  end(): void {
    const stroke = this.#layers.at(-1);
    if (stroke?.kind === "stroke") this.#paint((context) => paintEnd(context, stroke.points));
  }

  undo(): void {
    if (this.canUndo) this.#layers.pop();
    this.repaint();
  }

  /** Repaints everything, as needed after a canvas was resized. */
  repaint(): void {
    const covering = this.#layers.findLastIndex(({ kind }) => kind !== "stroke");
    for (const layer of this.#layers.slice(covering)) this.#paint((context) => paintLayer(context, layer));
  }

  #add(layer: Layer): void {
    this.#layers.push(layer);
    this.#paint((context) => paintLayer(context, layer));
  }

  #paint(paint: (context: Context) => void): void {
    for (const context of this.#contexts) {
      const { width, height } = context.canvas;
      context.setTransform(width, 0, 0, height, 0, 0);
      context.lineWidth = LINE;
      context.lineCap = "round";
      context.lineJoin = "round";
      context.strokeStyle = CHALK;
      context.imageSmoothingQuality = "high";
      paint(context);
    }
  }
}

function paintLayer(context: Context, layer: Layer): void {
  if (layer.kind === "wiped") {
    context.fillStyle = BOARD;
    context.fillRect(0, 0, 1, 1);
  } else if (layer.kind === "picture") {
    context.drawImage(layer.image, 0, 0, 1, 1);
  } else {
    const [first] = layer.points;
    context.fillStyle = CHALK;
    context.beginPath();
    context.arc(first.x, first.y, LINE / 2, 0, 2 * Math.PI);
    context.fill();
    for (let i = 1; i < layer.points.length; i++) paintPiece(context, layer.points, i);
    paintEnd(context, layer.points);
  }
}

const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

/**
 * The piece of a stroke that point `i` adds: a curve around the point before, from midpoint to midpoint, without kinks.
 */
function paintPiece(context: Context, points: readonly Point[], i: number): void {
  const before = points[i - 1];
  const from = i === 1 ? before : middle(points[i - 2], before);
  const to = middle(before, points[i]);
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.quadraticCurveTo(before.x, before.y, to.x, to.y);
  context.stroke();
}

/** The piece from the last midpoint to the last point. */
function paintEnd(context: Context, points: readonly Point[]): void {
  if (points.length < 2) return;
  const [before, last] = points.slice(-2);
  const from = middle(before, last);
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(last.x, last.y);
  context.stroke();
}
