// The family of optimizers: what moves parameters along their gradients.
export { Adam, type AdamOptions } from "./adam.js";
