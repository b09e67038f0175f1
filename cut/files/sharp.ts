// The only import of sharp, an optional peer dependency: those who embed the library in a page need not install it, and
// the commands that read and write picture files say in their error message what to install.
import { CutgpuError } from "../../engine/lib/errors.js";

type Sharp = typeof import("sharp")["default"];

/** Throws a CutgpuError where sharp is not installed. */
export async function loadSharp(): Promise<Sharp> {
  try {
    return (await import("sharp")).default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new CutgpuError(
      "PACKAGE",
      "picture files are read and written by the package sharp, which is not installed",
      "Install it with `npm install sharp`.",
    );
  }
}
