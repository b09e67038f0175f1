// What is worth knowing and no failure.

/** Tells the user one line on standard error. */
export const note = (message: string): void => void process.stderr.write(`note: ${message}\n`);
