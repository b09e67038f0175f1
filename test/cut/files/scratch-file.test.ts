// A scratch store in a file: it holds what was written, leaves no name behind, and says where there is no room.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scratchIn } from "../../../cut/files/scratch-file.js";
import { messageOf } from "../../support/gpu.js";

const test = suite<{ folder: string }>("scratch file");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-scratch-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

test("numbers come back from memory and from a file, which has no name while it is used", ({ folder }) => {
  for (const memoryBytes of [0, 400]) {
    const scratch = scratchIn(folder, memoryBytes)(100);
    scratch.write(
      50,
      Float32Array.from({ length: 50 }, (_, i) => i),
    );
    scratch.write(0, new Float32Array(50).fill(-1));
    const read = new Float32Array(8);
    scratch.read(46, read.subarray(1));
    assert.equal([...read], [0, -1, -1, -1, -1, 0, 1, 2]);
    assert.equal(readdirSync(folder), []);
    scratch.close();
  }
});

test("a disk without room, or a folder that is not there, is said in a sentence", ({ folder }) => {
  const message = messageOf(() => scratchIn(folder)(2 ** 50));
  assert.match(message, /feature maps of this picture take .* GB and .*cutgpu-scratch-.* has .* GB left; free some/);
  assert.match(
    messageOf(() => scratchIn(join(folder, "none"), 0)(10)),
    /cannot open .*none.*no such file or folder/,
  );
  assert.equal(readdirSync(folder), []);
});

test.run();
