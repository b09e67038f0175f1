// The output of commands. Names of files and texts in files are not trusted: a control character in them could clear
// the screen, set the window's title or hide a line: each is shown as an escape such as \u001b, which JSON allows as
// well. Line feeds and tabs of a text stay.

/** C0, delete, C1, and those that change the direction of writing, but not tab and line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are searched for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A text with its control characters shown as escapes. */
export const printable = (text: string): string => text.replaceAll(CONTROL, escaped);

/** As printable, for text that has to stay on one line. */
export const printableLine = (line: string): string => printable(line).replaceAll("\n", escaped);

/** Writes a text to standard output: the result that was asked for. */
export const print = (text: string): void => void process.stdout.write(printable(text));

/** Writes control sequences of our own making, such as those of a picture, to standard output as they are. */
export const printControl = (sequences: string): void => void process.stdout.write(sequences);

/** Writes a text to standard error: everything but the result. */
export const printError = (text: string): void => void process.stderr.write(printable(text));

/** Writes a note, which is no failure, to standard error in one line. */
export const note = (message: string): void => printError(`note: ${printableLine(message)}\n`);
