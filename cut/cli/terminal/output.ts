// What commands print. Names of files and texts inside of them come from anywhere, and a control character among them
// could clear the screen, set the window's title or hide a line: each is shown as an escape such as \u001b, which JSON
// allows as well. Line feeds and tabs of a text stay.

/** C0, delete, C1, and what turns the direction of writing, but not tab and line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A text with its control characters shown as escapes. */
export const printable = (text: string): string => text.replaceAll(CONTROL, escaped);

/** The same for what has to stay one line. */
export const printableLine = (line: string): string => printable(line).replaceAll("\n", escaped);

/** Writes a text to standard output: what the command is asked for. */
export const print = (text: string): void => void process.stdout.write(printable(text));

/** Writes control sequences of our own making, such as those of a picture, to standard output as they are. */
export const printControl = (sequences: string): void => void process.stdout.write(sequences);

/** Writes a text to standard error: what is said beside it. */
export const printError = (text: string): void => void process.stderr.write(printable(text));

/** Tells on standard error, in one line, what is worth knowing and no failure. */
export const note = (message: string): void => printError(`note: ${printableLine(message)}\n`);
