// The photometric augmentations of the self-trained encoder. It compares two augmentations of a picture and so learns
// to be invariant to them. Colours and noise change, nothing moves. Pure.
import type { Random } from "../../../engine/lib/random.js";
import type { Picture } from "../../data/picture.js";
import { contrasted, grayed, hueTurned, inverted, noisy } from "../distortions/colours.js";

/** An RGB picture after a random choice of contrast, brightness, hue, gray, inversion and noise, in this order. */
export function augmented(picture: Picture, random: Random): Picture {
  const chance = (share: number) => random.next() < share;
  let result = contrasted(picture, 0.4 + 0.8 * random.next(), 60 * (random.next() - 0.5));
  if (chance(0.8)) result = hueTurned(result, 360 * random.next());
  if (chance(0.2)) result = grayed(result);
  if (chance(0.5)) result = inverted(result);
  return chance(0.8) ? noisy(result, 20 * random.next(), random) : result;
}
