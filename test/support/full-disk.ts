// Loaded before the command: a disk on which half of the next checkpoint, or large page, still fits.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const ROOM = 100_000;
const { writeFileSync } = fs;

fs.writeFileSync = (file, content, options) => {
  if (typeof file === "number" && (content as Uint8Array | string).length > ROOM) {
    writeFileSync(file, (content as Uint8Array | string).slice(0, ROOM));
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
  }
  writeFileSync(file, content, options);
};
syncBuiltinESMExports();
