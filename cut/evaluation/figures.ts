// A metric's value for printing: with its floor, the numbers of pictures, and how it was computed. Pure.

export interface Figure {
  name: string;
  /** Null where there are too few pictures, or too small ones. */
  value: number | null;
  /** The same between a random half of the fakes and one of the reals: same sample size as `floor`. */
  ofHalves: number | null;
  /** The same between two random halves of the reals. */
  floor: number | null;
  better: "lower" | "higher";
  /** Numbers of pictures in both sets: for the value, and for the other two. */
  n: readonly [number, number];
  floorN: readonly [number, number];
  protocol: string;
  /** Further information on the value, such as an interval; or what a missing value would need. */
  detail: string;
}

/** The fields that metrics of one kind share. */
export type FigureKind = Pick<Figure, "better" | "n" | "floorN" | "protocol">;

/** A metric of the whole sets, of a half of each, and of two halves of the reals. */
export type ThreeValues<T = number> = readonly [value: T | null, ofHalves: T | null, floor: T | null];

/**
 * A metric of features, named after the network that makes them, as in KID-mnv2-96; `network` is empty for the one that
 * FID and KID are defined by.
 */
export const metricName = (metric: string, network: string): string => (network ? `${metric}-${network}` : metric);

/** A figure of a kind; `needs` is the detail shown where there is no value. */
export function figure(kind: FigureKind, name: string, values: ThreeValues, { detail = "", needs = "" } = {}): Figure {
  const [value, ofHalves, floor] = values;
  return { ...kind, name, value, ofHalves, floor, detail: value === null ? needs : detail };
}

/** A value as text: five digits, or "-" where there is none. */
export function figureText(value: number | null): string {
  if (value === null) return "-";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : String(value);
  return Number(value.toPrecision(5)).toString();
}

/** Column headings for figureCells. */
export const FIGURE_HEADS = ["metric", "better", "value", "n", "half of each", "halves of reals", "n", ""] as const;

/** A figure as a row of a table. */
export function figureCells({ name, better, value, n, ofHalves, floor, floorN, detail }: Figure): string[] {
  const pair = ([a, b]: Figure["n"]) => `${a}, ${b}`;
  return [name, better, figureText(value), pair(n), figureText(ofHalves), figureText(floor), pair(floorN), detail];
}

/** How the metrics were computed, grouped by protocol, and what the halves are. */
export function protocolLines(figures: readonly Figure[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, protocol } of figures) names.set(protocol, [...(names.get(protocol) ?? []), name]);
  const called = (of: readonly string[]) => (of.length > 4 ? `${of[0]} to ${of.at(-1)}` : of.join(", "));
  return [
    ...[...names].map(([protocol, of]) => `${called(of)}: ${protocol}`),
    "half of each: a random half of the translations against one of the reals",
    "halves of reals: two random halves of the reals, the floor: as near as pictures of one kind are, with so many " +
      "of them; of pairs, two different truths",
  ];
}
