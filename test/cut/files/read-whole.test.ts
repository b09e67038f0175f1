// Reading a file as a whole: what is too large is refused before it is read.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readWhole } from "../../../cut/files/read-whole.js";
import { CutgpuError } from "../../../engine/lib/errors.js";

test("a file is read, and one of more than 2 GiB refused by name", () => {
  const folder = mkdtempSync(join(tmpdir(), "cutgpu-whole-"));
  const path = join(folder, "state.pth");
  try {
    writeFileSync(path, "abc");
    assert.is(Buffer.from(readWhole(path)).toString(), "abc");
    // A file of holes takes no room.
    truncateSync(path, 2.5 * 2 ** 30);
    const refused = (what: RegExp) => (error: Error) => error instanceof CutgpuError && what.test(error.message);
    assert.throws(() => readWhole(path), refused(/state\.pth has 2\.5 GiB, and files of up to 2 GiB can be read;$/));
    assert.throws(() => readWhole(join(folder, "none")), refused(/none: there is no such file/));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
