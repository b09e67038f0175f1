// The page of `cutgpu inspect`: one self-contained file (inline style, pictures as data URIs, no script) with the input
// and its translation on top and below, layer by layer, similarities and principal components side by side.
import { colourScaleCss } from "./colormap.js";
import { escapeHtml, pngAddress } from "./html.js";
import { baseStyle } from "./page.css.js";
import { renderPage, renderSummary } from "./page.js";

export interface InspectFigure {
  caption: string;
  png: Uint8Array;
}

export interface InspectPage {
  title: string;
  /** Figures to show first, as pairs of name and value. */
  summary: readonly [name: string, value: string][];
  /** Input and output, with the point marked. */
  pictures: readonly InspectFigure[];
  layers: readonly { name: string; figures: readonly InspectFigure[] }[];
  /** Temperature of the similarities. */
  tau: number;
  /** Width of the pictures in pixels: small ones are shown larger, pixel by pixel. */
  width: number;
  /** Whether figures come in pairs, of two checkpoints, and are to stand side by side. */
  compared: boolean;
}

const style = `
.pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 16px; }
.two { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
figure { margin: 0; padding: 14px; }
figure img {
  display: block; width: 100%; height: auto; border-radius: 5px; background: #fff;
  box-shadow: 0 0 0 1px var(--line);
}
.small img { image-rendering: pixelated; }
figcaption { margin-top: 10px; color: var(--soft); font-size: 13px; }
.scale { display: flex; align-items: center; gap: 10px; margin: 0 0 14px; color: var(--soft); font-size: 13px; }
.scale i { flex: 0 1 220px; height: 10px; border-radius: 5px; background: ${colourScaleCss()}; }
`;

/** Stands on every page, by which an earlier one is recognized. */
export const INSPECT_KICKER = "cutgpu inspect";

/** The page as text. */
export function renderInspectPage({ title, summary, pictures, layers, tau, width, compared }: InspectPage): string {
  const kind = `pairs${width < 128 ? " small" : ""}${compared ? " two" : ""}`;
  const pairs = (figures: readonly InspectFigure[]) =>
    `<div class="${kind}">${figures.map(renderFigure).join("\n")}</div>`;
  const sections = layers.map(({ name, figures }) => `<h2>${escapeHtml(name)}</h2>\n${pairs(figures)}`);
  const scale = `highest of each map; similarity is exp(v&middot;k/&tau;), &tau; = ${tau}`;
  const body = `${renderSummary(summary)}
<h2>Input and output</h2>
${pairs(pictures)}
<h2>What the encoder sees</h2>
<div class="scale"><span>lowest</span><i></i><span>${scale}</span></div>
${sections.join("\n")}
<footer>Similarity: of the marked patch of the output to every patch of the input. Principal components: the first three
of the encoder's features of the input, as red, green and blue. Sources: an arrow leads from a patch of the output to
the patch of the input that is most similar to it, and a dot is one that comes from its own place; of many patches an
even grid is shown. PatchNCE: how hard it is to find the patch of the input at the same place among the others, in nats;
the maps of two checkpoints have one scale. Made by cutgpu.</footer>`;
  return renderPage({ kicker: INSPECT_KICKER, title, style: baseStyle + style, body });
}

function renderFigure({ caption, png }: InspectFigure): string {
  const text = escapeHtml(caption);
  return `<figure class="card"><img src="${pngAddress(png)}" alt="${text}"><figcaption>${text}</figcaption></figure>`;
}
