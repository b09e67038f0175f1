// One of several equal parts of a list, for as many processes on as many machines: --shard i/n, or --shards n where the
// scheduler gives i. Item k (0-based) of the list belongs to shard k mod n + 1, so that neighbours, which often are of
// one size, spread evenly.
import { OptionError, option, orNone, text, wholeNumber } from "./schema.js";

/** `index` from 1 to `count`. */
export interface Shard {
  index: number;
  count: number;
}

export const shardOption = (heading: string, help: string) =>
  option(heading, orNone(text("I/N", "I/N, as in 3/10", /^\d+\/\d+$/)), null, help);

export const shardsOption = (heading: string) =>
  option(
    heading,
    orNone(wholeNumber({ min: 1 })),
    null,
    "as --shard I/N: I is SLURM_ARRAY_TASK_ID, from 1, or Kubernetes' JOB_COMPLETION_INDEX, from 0",
  );

/** The shard that the options name, or null. Throws an OptionError where it does not exist. */
export function shardOf(
  shard: string | null,
  shards: number | null,
  environment: Readonly<Record<string, string | undefined>>,
): Shard | null {
  if (shard !== null && shards !== null)
    throw new OptionError("--shard and --shards both say which part;", "give one of them.");
  if (shard !== null) {
    const [index, count] = shard.split("/").map(Number);
    return checked({ index, count }, `--shard ${shard}`, "count from 1/N to N/N.");
  }
  if (shards === null) return null;
  const { SLURM_ARRAY_TASK_ID: slurm, JOB_COMPLETION_INDEX: kubernetes } = environment;
  if (slurm !== undefined)
    return checked({ index: Number(slurm), count: shards }, `SLURM_ARRAY_TASK_ID ${slurm}`, `use --array=1-${shards}.`);
  if (kubernetes !== undefined) {
    const named = `JOB_COMPLETION_INDEX ${kubernetes}`;
    return checked({ index: Number(kubernetes) + 1, count: shards }, named, `set completions: ${shards}.`);
  }
  throw new OptionError(
    `--shards ${shards} does not say which, and neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set;`,
    "give --shard I/N.",
  );
}

function checked(shard: Shard, named: string, advice: string): Shard {
  const { index, count } = shard;
  if (Number.isInteger(index) && index >= 1 && index <= count) return shard;
  throw new OptionError(`${named} is none of ${count} ${count === 1 ? "part" : "parts"};`, advice);
}

/** The items of a shard. */
export const shardItems = <T>(list: readonly T[], { index, count }: Shard): T[] =>
  list.filter((_, k) => k % count === index - 1);

/** How many items of a list of `length` a shard has. */
export const shardSize = (length: number, { index, count }: Shard): number =>
  Math.floor((length + count - index) / count);

/** Numbers in order as an array specification: 1,4-7. */
export function numberRanges(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const current = ranges.at(-1);
    if (current && number === current[1] + 1) current[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}
