// What the tests of the training options share: how options are refused.
import * as assert from "uvu/assert";
import { OptionError } from "../../../cut/options/schema.js";
import { resolveOptions } from "../../../cut/options/train-options.js";

export const dataroot = "pictures";

/** The error message with which `given` is refused. */
export function refusal(given: Record<string, unknown>): string {
  try {
    resolveOptions({ dataroot, ...given });
  } catch (error) {
    assert.instance(error, OptionError);
    return `${(error as OptionError).message} ${(error as OptionError).fix}`;
  }
  assert.unreachable("the options should have been refused");
  return "";
}
