// The error messages of a page, in a live region: a message stays until the next attempt or until it is closed. The
// visitor loses no work by it.
import { CutgpuError } from "../../engine/lib/errors.js";
import { byId, make } from "./dom.js";
import { describeError } from "./error-text.js";

export function tellError(error: unknown): void {
  if (!(error instanceof CutgpuError)) console.error(error);
  tell(describeError(error));
}

export function tell(message: string): void {
  const close = make("button", { type: "button", textContent: "Close", onclick: clearMessage });
  byId("message", "div").replaceChildren(make("span", { textContent: message }), close);
}

export function clearMessage(): void {
  byId("message", "div").replaceChildren();
}

/** Runs what a visitor asked for and shows its error. */
export async function attempt(work: () => void | Promise<void>): Promise<void> {
  clearMessage();
  try {
    await work();
  } catch (error) {
    tellError(error);
  }
}

/** Attempts `work` at each click of a button. */
export function onClick(id: string, work: () => void | Promise<void>): void {
  byId(id, "button").addEventListener("click", () => attempt(work));
}

/** Shows in a paragraph what is being done until it is done. */
export async function whileSaying<T>(id: string, text: string, work: () => Promise<T>): Promise<T> {
  const place = byId(id, "p");
  place.textContent = text;
  try {
    return await work();
  } finally {
    place.textContent = "";
  }
}
