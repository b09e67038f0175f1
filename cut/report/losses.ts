// The record of a training: one row per step, and what a chart makes of many rows. Runs in a browser.

/** One step: every loss by its name beside the fixed columns. `seconds` is how long the step took. */
export interface LossRow {
  step: number;
  epoch: number;
  seconds: number;
  lr: number;
  [loss: string]: number;
}

const columns = new Set(["step", "epoch", "seconds", "lr"]);

/** The names of the losses that occur in `rows`, in order of first appearance. */
export function lossNames(rows: readonly LossRow[]): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) if (!columns.has(name)) names.add(name);
  return [...names];
}

export interface Point {
  step: number;
  value: number;
}

/**
 * Exponential moving average over about `span` steps, corrected for its start as Adam corrects its moments, so that it
 * neither starts at zero nor leans on the first value.
 */
export function smooth(points: readonly Point[], span: number): Point[] {
  const keep = 1 - 1 / Math.max(1, span);
  let sum = 0;
  let weight = 0;
  return points.map(({ step, value }) => {
    sum = keep * sum + (1 - keep) * value;
    weight = keep * weight + (1 - keep);
    return { step, value: sum / weight };
  });
}

/**
 * At most about `2 * buckets` of the points: of every bucket its lowest and highest, in their order, so that the drawn
 * line has the outline of the full one.
 */
export function outline(points: readonly Point[], buckets: number): Point[] {
  if (points.length <= 2 * buckets) return [...points];
  const kept: Point[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * points.length) / buckets);
    const to = Math.floor(((bucket + 1) * points.length) / buckets);
    let low = points[from];
    let high = points[from];
    for (let i = from; i < to; i++) {
      if (points[i].value < low.value) low = points[i];
      if (points[i].value > high.value) high = points[i];
    }
    kept.push(...(low === high ? [low] : low.step < high.step ? [low, high] : [high, low]));
  }
  return kept;
}
