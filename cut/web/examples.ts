// Pictures that come with the page: line drawings of OpenMoji that the demo model was never trained on.
import { CutgpuError } from "../../engine/core/errors.js";
import type { NamedFile } from "./picture-files.js";

/** Names under examples/, without their ending. */
const NAMES = ["mushroom", "croissant", "bus", "teddy-bear", "french-fries", "city"];

export async function exampleFiles(): Promise<NamedFile[]> {
  return Promise.all(
    NAMES.map(async (name) => {
      const response = await fetch(`examples/${name}.png`).catch(() => null);
      if (!response?.ok) {
        throw new CutgpuError(
          "EXAMPLES",
          "the examples could not be loaded;",
          "check the connection, or choose pictures.",
        );
      }
      return { path: `${name}.png`, file: new File([await response.blob()], `${name}.png`, { type: "image/png" }) };
    }),
  );
}
