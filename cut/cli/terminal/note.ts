// Notes for the user on what is no failure and yet worth knowing.

/** Tells the user one line on standard error. */
export const note = (message: string): void => void process.stderr.write(`note: ${message}\n`);
