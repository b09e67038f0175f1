// The page of `cutgpu metric --pairs`: one self-contained file (inline style, pictures as data URIs, no script) with
// means by layer, and pictures next to maps of where their patches are not found.
import type { LayerMean } from "../evaluation/patches/patch-pairs.js";
import { colourScaleCss } from "./colormap.js";
import { renderTable, tableStyle } from "./figures-table.js";
import { escapeHtml, pngFigure } from "./html.js";
import { baseStyle } from "./page.css.js";
import { renderPage, renderSummary } from "./page.js";

/** A pair as it is shown. */
export interface DrawnPair {
  name: string;
  distance: string;
  /** Source and result. */
  pngs: readonly Uint8Array[];
  /** Cross-entropies by layer. */
  maps: readonly { caption: string; png: Uint8Array }[];
}

export interface MetricPage {
  /** What was compared, as pairs of name and value. */
  about: readonly (readonly [string, string])[];
  means: readonly LayerMean[];
  /** The farthest apart first. */
  pairs: readonly DrawnPair[];
}

/** The column heads of a layer's cells. */
export const PAIR_HEADS = ["layer", "distance", "NCE", "accuracy", "MI bound", "positions"] as const;

/** Why a layer has no distance. */
export const NO_DISTANCE = "- where others are no farther from the source than it is from itself";

export const distanceText = (distance: number | null): string => (distance === null ? "-" : distance.toFixed(3));

/** The means of a layer as a row of a table. */
export const pairCells = ({ layer, distance, nce, accuracy, bound, positions }: LayerMean): string[] => [
  String(layer),
  distanceText(distance),
  nce.toFixed(3),
  `${(100 * accuracy).toFixed(1)} %`,
  bound.toFixed(3),
  String(positions),
];

const style = `${tableStyle}
.pair { margin: 0 0 14px; padding: 12px 14px; }
.pair h3 { margin: 0 0 8px; font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
.pair div { display: grid; grid-template-columns: repeat(auto-fit, minmax(96px, 1fr)); gap: 8px; }
.pair figure { margin: 0; }
.pair img { display: block; width: 100%; height: auto; box-shadow: 0 0 0 1px var(--line); }
.pair figcaption { padding-top: 3px; color: var(--soft); font-size: 12px; }
.scale { display: flex; align-items: center; gap: 10px; margin: 0 0 14px; color: var(--soft); font-size: 13px; }
.scale i { flex: 0 1 220px; height: 10px; border-radius: 5px; background: ${colourScaleCss()}; }
`;

/** The page as text. */
export function renderMetricPage({ about, means, pairs }: MetricPage): string {
  const body = `${renderSummary(about)}
<h2>By layer</h2>
<p class="empty">Distance: 0 is the source itself, 1 the mean over other sources, and
${NO_DISTANCE}. NCE and the bound on mutual information are in nats;
accuracy is the share of patches whose own key is the best of all.</p>
${renderTable(PAIR_HEADS, means.map(pairCells), 0)}
<h2>Where content is lost</h2>
<div class="scale"><span>found at once</span><i></i><span>no better than guessing</span></div>
${pairs.map(renderPair).join("\n")}
<footer>The pairs farthest apart come first. Made by cutgpu.</footer>`;
  return renderPage({ kicker: "cutgpu metric", title: "Content kept, by PatchNCE", style: baseStyle + style, body });
}

function renderPair({ name, distance, pngs, maps }: DrawnPair): string {
  const pictures = pngs.map((png, i) => ({ caption: i === 0 ? "source" : "result", png }));
  const figures = [...pictures, ...maps].map(({ caption, png }) => pngFigure(png, caption));
  const title = escapeHtml(`${name}: ${distance}`);
  return `<section class="pair card"><h3>${title}</h3><div>${figures.join("")}</div></section>`;
}
