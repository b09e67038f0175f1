// Commands that are printed to be pasted into a shell.

/** A word as a shell reads it back: in single quotes where it has anything but letters, digits and harmless marks. */
const quoteWord = (word: string): string =>
  /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The words as one line. */
export const shellWords = (...words: string[]): string => words.map(quoteWord).join(" ");

/** A command of cutgpu as it runs after `npm install`, which puts nothing on the shell's path. */
export const commandLine = (...words: string[]): string => shellWords("npx", "cutgpu", ...words);
