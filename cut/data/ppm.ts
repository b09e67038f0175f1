// Reader of binary portable pixmaps, which sharp does not decode: P6 (colour) and P5 (gray), 8 or 16 bits per sample.
// The text kinds P1-P3 and the bitmap P4 are refused. Format: https://netpbm.sourceforge.net/doc/ppm.html.
import { FormatError } from "../../engine/lib/errors.js";
import type { Picture } from "./picture.js";
import { roundHalfEven } from "./rounding.js";

export function isPpm(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] >= 0x31 && bytes[1] <= 0x36;
}

interface PpmHeader {
  width: number;
  height: number;
  channels: 1 | 3;
  maximum: number;
  /** The offset of the samples. */
  start: number;
}

/** The header of a P5 or P6 file, for which its first 4096 bytes do. Throws a FormatError. */
export function ppmHeader(bytes: Uint8Array): PpmHeader {
  // Numbers are separated by white space or by comments, which run to the end of their line; one byte ends the header.
  const gap = "(?:\\s|#[^\\n]*\\n)+";
  const pattern = new RegExp(`^P([56])${gap}(\\d+)${gap}(\\d+)${gap}(\\d+)\\s`);
  const header = new TextDecoder("latin1").decode(bytes.subarray(0, 4096)).match(pattern);
  if (!header) throw new FormatError("the PPM is not of the binary kinds P5 or P6, or its header is damaged");
  const [width, height, maximum] = header.slice(2).map(Number);
  if (width < 1 || height < 1 || maximum < 1 || maximum > 65535) throw new FormatError("the PPM header is damaged");
  return { width, height, channels: header[1] === "6" ? 3 : 1, maximum, start: header[0].length };
}

/**
 * Decodes the bytes of a P5 or P6 file; samples are scaled from 0 .. maximum to 0 .. 255 and rounded as PIL does.
 * Throws a FormatError, whose message does not name the file, where the bytes end early or hold another kind.
 */
export function decodePpm(bytes: Uint8Array): Picture {
  const { width, height, channels, maximum, start } = ppmHeader(bytes);
  const count = width * height * channels;
  const sampleSize = maximum > 255 ? 2 : 1;
  if (bytes.length < start + count * sampleSize) throw new FormatError("the PPM is cut off");
  const data = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const at = start + i * sampleSize;
    const sample = sampleSize === 1 ? bytes[at] : bytes[at] * 256 + bytes[at + 1];
    data[i] = roundHalfEven((Math.min(sample, maximum) / maximum) * 255);
  }
  return { width, height, channels, data };
}
