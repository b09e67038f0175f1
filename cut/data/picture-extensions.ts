// The file name extensions of pictures.

/** Formats that can be read; files of these are listed in folders. */
export const EXTENSIONS = ["jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "ppm"];
/** Formats that cannot be read; a path with such an extension is still one of a picture and not of a folder. */
const OTHERS = ["gif", "avif", "heic", "heif", "jxl", "jp2", "pgm", "pnm", "svg", "ico", "tga", "psd", "exr", "pdf"];

const READABLE = new RegExp(`[^]\\.(${EXTENSIONS.join("|")})$`, "i");
const ANY = new RegExp(`[^/\\\\](\\.(?:${[...EXTENSIONS, ...OTHERS].join("|")}))$`, "i");

/** Whether a file of this name is listed as a picture. */
export const isPictureName = (name: string): boolean => READABLE.test(name);

/** The extension of a picture's name, with its dot; empty where the name is not one of a picture. */
export const pictureExtension = (name: string): string => name.match(ANY)?.[1] ?? "";
