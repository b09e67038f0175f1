// Recognizes files that are not weights by their first bytes, for error messages: results of failed downloads or
// copies, and files with a wrong name. Called by the readers once they know that the file is not of their format.
import { checkValue } from "../lib/check-options.js";
import { FormatError } from "../lib/errors.js";

/** The advice for a file that is damaged. */
export const COPY_AGAIN = "Copy or download the file again.";
const UNPACK = "Unpack it, and give the file inside.";
const OTHER = "Give a .safetensors file or a .pth file of PyTorch.";
const LFS = "Run git lfs pull in the repository it comes from, or download the file itself.";
const WEB = "Open the link in a browser, and download the file itself.";
const ONNX = "Give the .pth file that it was made of.";

type Kind = readonly [beginning: RegExp, kind: string, fix: string];

/** By the first bytes in hexadecimal. The first match counts. */
const BINARY: readonly Kind[] = [
  [/^1f8b/, "a gzip archive", UNPACK],
  [/^(504b0304|377abcaf|52617221|fd377a58|425a68|28b52ffd|(..){257}7573746172)/, "an archive", UNPACK],
  [/^(89504e47|ffd8ff|47494638|52494646)/, "a picture", OTHER],
  [/^89484446/, "an HDF5 file, as Keras writes it", OTHER],
  [/^934e554d/, "an array of NumPy", OTHER],
  [/^47475546/, "a GGUF file", OTHER],
  [/^08[01].12/, "an ONNX model", ONNX],
  [/^(00)+$/, "nothing but zeros", COPY_AGAIN],
];

/** By the first characters, if no binary kind matches. */
const TEXT: readonly Kind[] = [
  [/^version https:\/\/git-lfs/, "a git-lfs pointer, which stands for a file that was not fetched", LFS],
  [/^\s*<(!|\?xml|html|head|body|script)/i, "a web page, as a failed download leaves it", WEB],
  [/^\s*[[{]["\s\d{[\]}-]/, "JSON text", OTHER],
  [/^[\s\x20-\x7e]+$/, "a text file", OTHER],
];

/** Number of bytes that are compared with the patterns above. */
const BEGINNING = 512;

/** The error for a file of no known container, which says what it looks like. */
export function notWeights(bytes: Uint8Array, where: string): FormatError {
  if (bytes.length === 0) return new FormatError(`${where} is empty.`, COPY_AGAIN);
  const start = bytes.subarray(0, BEGINNING);
  const hex = Array.from(start, (byte) => byte.toString(16).padStart(2, "0"));
  const binary = BINARY.find(([beginning]) => beginning.test(hex.join("")));
  const kind = binary ?? TEXT.find(([beginning]) => beginning.test(new TextDecoder().decode(start)));
  if (kind) return new FormatError(`${where} is not a file of weights but ${kind[1]}.`, kind[2]);
  const first = hex.slice(0, 4).join(" ");
  return new FormatError(`${where} is not a file of weights that is known: it begins with the bytes ${first}.`, OTHER);
}

/** Throws an ArgumentError if a file is not given as a Uint8Array of its bytes, but for example as an ArrayBuffer. */
export const checkBytes = (where: string, bytes: unknown): void =>
  checkValue(where, bytes, [(value) => (value as Uint8Array | null)?.BYTES_PER_ELEMENT === 1, "a Uint8Array"]);
