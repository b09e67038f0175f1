// Reader of BMP pictures, which sharp does not decode: palettes of 1, 4 and 8 bits, 24 bits, and 16 or 32 bits with the
// usual or the stated bit masks, bottom-up or top-down. Run-length and embedded JPEG/PNG compression are refused.
// Format: https://learn.microsoft.com/windows/win32/gdi/bitmap-storage.
import { FormatError } from "../../engine/lib/errors.js";
import { flattenOnWhite, type Picture } from "./picture.js";

const RGB = 0;
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;

export function isBmp(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d;
}

/** One channel of a pixel word: the place of its bits and their scale to 8 bits, without a fraction as PIL has it. */
function channelReader(mask: number): (word: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const maximum = mask >>> shift;
  return (word) => Math.floor((((word & mask) >>> shift) * 255) / maximum);
}

interface BmpHeader {
  width: number;
  height: number;
  topDown: boolean;
  bits: number;
  masks: number[];
  palette: { offset: number; entrySize: 3 | 4; colours: number };
  pixels: number;
}

function readHeader(view: DataView): BmpHeader {
  const pixels = view.getUint32(10, true);
  const headerSize = view.getUint32(14, true);
  if (headerSize === 12) {
    const bits = view.getUint16(24, true);
    const palette = { offset: 26, entrySize: 3 as const, colours: 2 ** bits };
    const [width, height] = [view.getUint16(18, true), view.getUint16(20, true)];
    return { width, height, topDown: false, bits, masks: [], palette, pixels };
  }
  if (headerSize < 40) throw new FormatError(`the BMP header has an unknown size of ${headerSize} bytes`);
  const height = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  if (![RGB, BITFIELDS, ALPHA_BITFIELDS].includes(compression)) {
    throw new FormatError(`the BMP is compressed (method ${compression})`, "Save it uncompressed or as PNG.");
  }
  let masks = bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
  let maskBytes = 0;
  if (compression !== RGB) {
    if (view.byteLength < 70) throw new FormatError("the BMP is cut off");
    // The masks follow a 40-byte header, and are part of the longer ones at the same place.
    const hasAlpha = headerSize >= 56 || compression === ALPHA_BITFIELDS;
    masks = [54, 58, 62].map((at) => view.getUint32(at, true)).concat(hasAlpha ? view.getUint32(66, true) : 0);
    if (headerSize === 40) maskBytes = hasAlpha ? 16 : 12;
  }
  const palette = {
    offset: 14 + headerSize + maskBytes,
    entrySize: 4 as const,
    colours: view.getUint32(46, true) || 2 ** bits,
  };
  const width = view.getInt32(18, true);
  return { width, height: Math.abs(height), topDown: height < 0, bits, masks, palette, pixels };
}

/** The header of a BMP file, for which its first 4096 bytes do. Throws a FormatError that does not name the file. */
export function bmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 26 || bytes.length < 14 + view.getUint32(14, true))
    throw new FormatError("the BMP header is cut off");
  return readHeader(view);
}

/**
 * Decodes the bytes of a BMP file to RGB; an alpha channel is laid on white. Throws a FormatError, whose message does
 * not name the file, where the bytes end early or hold a kind of BMP that is not supported.
 */
export function decodeBmp(bytes: Uint8Array): Picture {
  const { width, height, topDown, bits, masks, palette, pixels } = bmpHeader(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new FormatError(`a BMP of ${bits} bits per pixel is not supported`);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (width < 1 || height < 1 || pixels + stride * height > bytes.length) throw new FormatError("the BMP is cut off");

  const readers = masks.map(channelReader);
  const rgba = new Uint8Array(width * height * 4);
  let anyAlpha = false;
  for (let y = 0; y < height; y++) {
    const row = pixels + (topDown ? y : height - 1 - y) * stride;
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * 4;
      if (bits === 16 || bits === 32) {
        const word = bits === 16 ? view.getUint16(row + 2 * x, true) : view.getUint32(row + 4 * x, true);
        for (let c = 0; c < 4; c++) rgba[to + c] = readers[c](word);
        anyAlpha ||= rgba[to + 3] !== 0;
        continue;
      }
      let from = row + 3 * x;
      if (bits <= 8) {
        const index = (bytes[row + ((x * bits) >> 3)] >> (8 - bits - ((x * bits) & 7))) & (2 ** bits - 1);
        if (index >= palette.colours) throw new FormatError("the BMP names a colour that is not in its palette");
        from = palette.offset + palette.entrySize * index;
      }
      for (let c = 0; c < 3; c++) rgba[to + c] = bytes[from + 2 - c];
    }
  }
  // Many programs write an alpha channel of zeros and mean an opaque picture, as without an alpha mask.
  if (!anyAlpha) for (let i = 3; i < rgba.length; i += 4) rgba[i] = 255;
  return flattenOnWhite(rgba, width, height);
}
