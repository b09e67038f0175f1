// The flag values written down in the engine are those of WebGPU, as dawn.node has them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { globals } from "webgpu";
import * as flags from "../../../engine/device/webgpu-flags.js";

for (const [name, values] of Object.entries(flags)) {
  test(`${name} has WebGPU's values`, () => {
    const theirs = (globals as { [name: string]: { [flag: string]: number } })[`GPU${name}`];
    for (const [flag, value] of Object.entries(values)) assert.is(value, theirs[flag], flag);
  });
}

test.run();
