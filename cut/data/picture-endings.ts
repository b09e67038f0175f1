// Which endings of file names mean a picture.

/** Kinds that can be read; of these, folders are listed. */
export const ENDINGS = ["jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "ppm"];
/** Kinds that cannot, and yet nobody calls a folder so. */
const OTHERS = ["gif", "avif", "heic", "heif", "jxl", "jp2", "pgm", "pnm", "svg", "ico", "tga", "psd", "exr", "pdf"];

const READABLE = new RegExp(`[^]\\.(${ENDINGS.join("|")})$`, "i");
const ANY = new RegExp(`[^/\\\\](\\.(?:${[...ENDINGS, ...OTHERS].join("|")}))$`, "i");

/** Whether a file of this name is listed as a picture. */
export const isPictureName = (name: string): boolean => READABLE.test(name);

/** The ending of a name that says picture, with its dot; empty where it says none. */
export const pictureEnding = (name: string): string => name.match(ANY)?.[1] ?? "";
