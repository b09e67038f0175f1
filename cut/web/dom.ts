// What every page does with its elements: find them by the ids of its index.html, make new ones, and hand files to the
// visitor.

/**
 * The element of index.html with that id. Throws where it is missing or has another tag, which is a defect of the page.
 */
export function byId<K extends keyof HTMLElementTagNameMap>(id: string, tag: K): HTMLElementTagNameMap[K] {
  const found = document.getElementById(id);
  if (found?.localName !== tag) throw new Error(`index.html has no <${tag} id="${id}">`);
  return found as HTMLElementTagNameMap[K];
}

type Child = Node | string;

/** A new element; `properties` are set as properties, not attributes. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

/** A new SVG element with attributes. */
export function makeSvg(tag: string, attributes: Record<string, string | number>, ...children: Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * Where `focused`, which had the keyboard, was hidden or disabled since, the first of `ids` that is shown gets it.
 * Browsers may take it from `focused` at once.
 */
export function handOnFocus(focused: Element | null, ids: readonly string[]): void {
  const isShown = (element: Element | null) => element instanceof HTMLElement && element.offsetParent !== null;
  if (!focused || (isShown(focused) && !focused.matches(":disabled"))) return;
  ids
    .map((id) => document.getElementById(id))
    .find(isShown)
    ?.focus();
}

/** Offers a file for download under a name. */
export function offer(content: Blob | Uint8Array, name: string): void {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content as Uint8Array<ArrayBuffer>]));
  make("a", { href: url, download: name }).click();
  // The browser has read the address by then; the content itself lives until it is saved.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Seconds or milliseconds as people read them. */
export function showMilliseconds(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function showBytes(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** "1 picture", "2 pictures". */
export const showCount = (count: number, what: string): string =>
  `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
