// Parts of HTML: escaped text, and pictures inside the page.

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}

/** A PNG as the address of an image inside the page. */
export function pngAddress(png: Uint8Array): string {
  let binary = "";
  // In pieces, because a call takes a limited number of arguments.
  for (let at = 0; at < png.length; at += 8192) binary += String.fromCharCode(...png.subarray(at, at + 8192));
  return `data:image/png;base64,${btoa(binary)}`;
}

/**
 * A PNG with its caption, which breaks after commas first; `alt` is for people who cannot see it, and empty where the
 * caption says enough.
 */
export const pngFigure = (png: Uint8Array, caption: string, alt = ""): string =>
  `<figure><img src="${pngAddress(png)}" alt="${escapeHtml(alt)}">` +
  `<figcaption>${escapeHtml(caption).replaceAll(",", ",<wbr>")}</figcaption></figure>`;
