// The range of an axis: that of all values, but for excursions so wild that the rest would be a flat line. What is left
// out is named beside the chart. Pure; runs in a browser.
import { exponential, isExponentialAxis } from "./axis-numbers.js";

export type Range = readonly [low: number, high: number];

/** The values of a curve, in the order of steps. */
export interface CurveValues {
  name: string;
  values: readonly number[];
}

/** Beyond the middle half of the values by this many times their size, values leave the frame. */
const WILD = 20;

/**
 * The range from the lowest to the highest value. Where that is far beyond the middle half of the values, it ends
 * there, with as much room again: a spike is left out, but no curve's last value. Where curves are `alike`, the same
 * quantity of several runs, a run that exploded is left out as well.
 */
export function axisRange(curves: readonly CurveValues[], alike = false): Range {
  const all = curves.flatMap(({ values }) => values);
  const [lowest, highest] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const middles = curves.map(({ values }) => middleHalf(values)).sort((a, b) => size(a) - size(b));
  let [low, high] = middles[0];
  for (const middle of middles) {
    if (alike && isWild(middle, [low, high])) break;
    [low, high] = [Math.min(low, middle[0]), Math.max(high, middle[1])];
  }
  for (const { values } of alike ? [] : curves) {
    const last = values[values.length - 1];
    [low, high] = [Math.min(low, last), Math.max(high, last)];
  }
  const room = scaleOf([low, high]);
  return [
    isWild([lowest, high], [low, high]) ? low - room : lowest,
    isWild([low, highest], [low, high]) ? high + room : highest,
  ];
}

const size = ([low, high]: Range) => Math.max(Math.abs(low), Math.abs(high));

const scaleOf = (range: Range) => Math.max(range[1] - range[0], size(range));

/** Whether a range reaches far beyond another, unless that one is 0 and has no size to compare with. */
function isWild([low, high]: Range, of: Range): boolean {
  const limit = WILD * scaleOf(of);
  return limit > 0 && (high > of[1] + limit || low < of[0] - limit);
}

/** The first and the third quartile. */
function middleHalf(values: readonly number[]): Range {
  const sorted = Float64Array.from(values).sort();
  const last = sorted.length - 1;
  return [sorted[Math.floor(0.25 * last)], sorted[Math.ceil(0.75 * last)]];
}

/** Which curves leave a range, and how far they go, as a sentence; empty where none does. */
export function beyondText(curves: readonly CurveValues[], [low, high]: Range): string {
  const beyond = curves.flatMap(({ name, values }) => {
    const [lowest, highest] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    const ways = [
      ...(lowest < low ? [`down to ${short(lowest)}`] : []),
      ...(highest > high ? [`up to ${short(highest)}`] : []),
    ];
    return ways.length > 0 ? [`${name} (${ways.join(" and ")})`] : [];
  });
  return beyond.length > 0 ? `Beyond the frame: ${beyond.join(", ")}.` : "";
}

const short = (value: number): string =>
  isExponentialAxis(Math.abs(value)) ? exponential(Number(value.toPrecision(3))) : String(Number(value.toPrecision(3)));
