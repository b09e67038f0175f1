// Maps of a layer in words and numbers, for the command's page and the tab's. Pure.
import type { CorrespondenceMap, LossMap } from "../inspection/patch-maps.js";
import { rangeOf } from "./overlay.js";

const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

/** "38 % come from their own place, median displacement 4.0 pixels". */
export const sourcesText = ({ inPlace, displacement }: CorrespondenceMap): string =>
  `${percent(inPlace)} come from their own place, median displacement ${displacement.toFixed(1)} pixels`;

/** "0.02 to 7.91, mean 2.30; a guess among 4,097 is 8.32". */
export function lossText({ values, mean, negatives }: LossMap): string {
  const [lowest, highest] = rangeOf(values).map((value) => value.toFixed(2));
  const [patches, guess] = [(negatives + 1).toLocaleString("en"), Math.log(negatives + 1).toFixed(2)];
  return `${lowest} to ${highest}, mean ${mean.toFixed(2)}; a guess among ${patches} is ${guess}`;
}
