// What fflate does not tell of a zip: its entries' check sums and whether they are encrypted. By PKWARE's APPNOTE.TXT,
// sections 4.3.12 and 4.3.14 to 4.3.16.

const END = 0x06054b50;
const END_BYTES = 22;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const LOCATOR_64_BYTES = 20;
const RECORD_BYTES = 46;

export interface DirectoryRecord {
  /** The CRC-32 of the entry's bytes as they are unpacked. */
  crc: number;
  encrypted: boolean;
}

/**
 * The records of a zip's directory in their order, which is that of fflate. Throws a RangeError where it is cut off;
 * the rest is left to fflate, which has read the directory before.
 */
export function* directoryRecords(zip: Uint8Array): Generator<DirectoryRecord, void> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  let end = zip.length - END_BYTES;
  while (u32(end) !== END) end--;
  let at = u32(end + 16);
  if (end >= LOCATOR_64_BYTES && u32(end - LOCATOR_64_BYTES) === LOCATOR_64) {
    // Positions of 64 bits, the upper half of which is zero in what browsers read at once.
    const end64 = u32(end - LOCATOR_64_BYTES + 8);
    if (u32(end64) === END_64) at = u32(end64 + 48);
  }
  for (;;) {
    yield { crc: u32(at + 16), encrypted: (u16(at + 8) & 1) === 1 };
    at += RECORD_BYTES + u16(at + 28) + u16(at + 30) + u16(at + 32);
  }
}

/** Polynomial of CRC-32, bits reversed. */
const POLYNOMIAL = 0xedb88320;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ POLYNOMIAL : byte >>> 1;
  return byte;
});

/** The CRC-32 of bytes, as zips have it. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
