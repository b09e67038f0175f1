// The format of figures: three significant digits, units after them, a dash for none. `digits` is for columns of plain
// text (terminal, README), where a fixed number of digits aligns; `number` is for pages.
import type { BenchRow, Timing } from "../measurement/row.js";

const none = "–";

/** Three significant digits without an exponent, zeros kept: 0.0123, 4.57, 12.0, 19136. */
export function digits(value: number): string {
  if (value === 0) return "0";
  if (value >= 100) return value.toFixed(0);
  // 9.996 is 10.0 and not 10.00.
  const rounded = Number(value.toPrecision(3));
  return rounded.toFixed(Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(rounded))))));
}

/** Three significant digits without an exponent, whole numbers whole: 0.0123, 4.57, 12, 19,136, 2.15 G. */
export function number(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return size >= 1e9 ? `${number(value / 1e9)} G` : `${number(value / 1e6)} M`;
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const digits = Math.max(0, 2 - Math.floor(Math.log10(size)));
  return value.toLocaleString("en", { maximumFractionDigits: Math.min(digits, 6) });
}

/** Powers of `base` inside a domain, thinned to at most `most`: ticks of a logarithmic axis. */
export function logTicks([low, high]: readonly [number, number], base: number, most: number): number[] {
  const [first, last] = [Math.ceil(Math.log(low) / Math.log(base)), Math.floor(Math.log(high) / Math.log(base))];
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  const ticks: number[] = [];
  for (let power = first; power <= last; power += step) ticks.push(base ** power);
  // Between few powers of ten there is room for 2 and 5.
  if (base === 10 && last - first < 2) {
    for (let power = first - 1; power <= last; power++) ticks.push(2 * 10 ** power, 5 * 10 ** power);
  }
  return ticks.filter((tick) => tick >= low && tick <= high).sort((a, b) => a - b);
}

export const orNone = (value: number | null | undefined, write: (value: number) => string = number): string =>
  value === null || value === undefined || !Number.isFinite(value) ? none : write(value);

/** "8.12", and where samples differ by more than rounding " (7.9 to 9.4)". */
export function timing(ms: Timing | null): string {
  if (!ms) return none;
  const [median, min, max] = [ms.median, ms.min, ms.max].map(number);
  return min === max ? median : `${median} (${min} to ${max})`;
}

export const percent = (share: number): string => `${number(100 * share)} %`;

export const times = (ratio: number): string => `${number(ratio)}×`;

const units = ["B", "KiB", "MiB", "GiB"];

export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  return `${number(count / 1024 ** power)} ${units[power]}`;
}

/** A figure by its name, which contains the unit: { bytes_in_use: 3e7 } is written in MiB. */
export const figure = (name: string, value: number): string =>
  /(^|_)bytes(_|$)/.test(name) ? bytes(value) : number(value);

/** "bytes_in_use" for people. */
export const words = (name: string): string => name.replaceAll("_", " ");

/** A row's facts on one line, for tooltips. */
export function rowText(row: BenchRow): string {
  const name = [row.kernel, row.shape, row.variant].filter(Boolean).join(", ");
  const rates = [
    row.ms ? `${number(row.ms.median)} ms` : "",
    row.gflops !== null ? `${number(row.gflops)} GFLOP/s` : "",
    row.gbps !== null ? `${number(row.gbps)} GB/s` : "",
    row.roofline !== null ? `${percent(row.roofline)} of the roof` : "",
  ];
  return `${name}: ${rates.filter(Boolean).join(", ")}`;
}
