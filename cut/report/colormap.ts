// False colours for maps of numbers, from dark violet by blue and green to light yellow: lightness rises evenly with
// the value, so that the order of values is seen also in gray and by the colour-blind. Made in OKLCH
// (https://bottosson.github.io/posts/oklab/), whose lightness is perceptual, with as much chroma as sRGB has room for.

type Rgb = [red: number, green: number, blue: number];

const LIGHTNESS = [0.25, 0.94] as const;
/** Degrees: violet, then down through blue and green to yellow. */
const HUE = [300, 105] as const;
const CHROMA = 0.15;

/** Linear sRGB of an OKLCH colour; channels outside of 0 to 1 are out of sRGB's gamut. */
function linearRgb(lightness: number, chroma: number, hue: number): Rgb {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

const encode = (linear: number) =>
  Math.round(255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055));

function makeTable(): Rgb[] {
  return Array.from({ length: 256 }, (_, i) => {
    const at = ([from, to]: readonly [number, number]) => from + ((to - from) * i) / 255;
    let chroma = CHROMA;
    const rgb = () => linearRgb(at(LIGHTNESS), chroma, at(HUE));
    while (rgb().some((channel) => channel < 0 || channel > 1)) chroma -= 0.002;
    return rgb().map(encode) as Rgb;
  });
}

const table = /* @__PURE__ */ makeTable();

/** The colour, 8-bit sRGB, of a value from 0 to 1; values beyond are clamped, and NaN is the lowest. */
export function falseColour(value: number): Rgb {
  return table[Math.round(255 * Math.min(1, Math.max(0, value || 0)))];
}

/** Colours of the gradient. */
const STOPS = 9;

/** The colour scale as a CSS gradient, from low to high to the right, for legends. */
export function colourScaleCss(): string {
  const colours = Array.from({ length: STOPS }, (_, i) => `rgb(${falseColour(i / (STOPS - 1)).join(" ")})`);
  return `linear-gradient(90deg, ${colours.join(", ")})`;
}
