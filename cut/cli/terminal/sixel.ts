// RGB pixels as a sixel image (DEC VT340; the control functions are in https://vt100.net/docs/vt3xx-gp/chapter14.html):
// bands of six rows, within a band one line of characters for each of its colours. Pure.

/** Colours of a sixel image that every terminal with sixels has room for. */
const COLOURS = 256;

/** The image as text for a terminal: `pixels` are rows of R, G, B bytes. */
export function sixelOf(pixels: Uint8Array, width: number, height: number): string {
  const { palette, indices } = quantize(pixels);
  const colours = palette.map(([r, g, b], i) => `#${i};2;${percent(r)};${percent(g)};${percent(b)}`).join("");
  let bands = "";
  for (let top = 0; top < height; top += 6) {
    const rows = Math.min(6, height - top);
    const masks = new Map<number, Uint8Array>();
    for (let row = 0; row < rows; row++) {
      for (let x = 0; x < width; x++) {
        const colour = indices[(top + row) * width + x];
        let mask = masks.get(colour);
        if (!mask) {
          mask = new Uint8Array(width);
          masks.set(colour, mask);
        }
        mask[x] |= 1 << row;
      }
    }
    bands += `${[...masks].map(([colour, mask]) => `#${colour}${runs(mask)}`).join("$")}-`;
  }
  return `\x1bP0;1q"1;1;${width};${height}${colours}${bands}\x1b\\`;
}

const percent = (byte: number) => Math.round((100 * byte) / 255);

/** Sixel characters, equal neighbours counted (`!5~`). */
function runs(mask: Uint8Array): string {
  let text = "";
  for (let x = 0, end = 0; x < mask.length; x = end) {
    end = x + 1;
    while (end < mask.length && mask[end] === mask[x]) end++;
    const character = String.fromCharCode(63 + mask[x]);
    text += end - x > 3 ? `!${end - x}${character}` : character.repeat(end - x);
  }
  return text;
}

type Colour = [r: number, g: number, b: number];

/** The most frequent colours of a picture, with 16 levels per channel, and for each pixel the nearest of them. */
function quantize(pixels: Uint8Array): { palette: Colour[]; indices: Uint8Array } {
  const count = pixels.length / 3;
  const bin = (i: number) => ((pixels[3 * i] >> 4) << 8) | ((pixels[3 * i + 1] >> 4) << 4) | (pixels[3 * i + 2] >> 4);
  const sums = new Map<number, [count: number, ...Colour]>();
  for (let i = 0; i < count; i++) {
    const sum = sums.get(bin(i)) ?? [0, 0, 0, 0];
    sums.set(bin(i), sum);
    sum[0]++;
    for (let c = 0; c < 3; c++) sum[c + 1] += pixels[3 * i + c];
  }
  const mean = ([n, r, g, b]: [number, ...Colour]): Colour => [r / n, g / n, b / n];
  const palette = [...sums.values()]
    .sort((a, b) => b[0] - a[0])
    .slice(0, COLOURS)
    .map(mean);
  const distance = (a: Colour, b: Colour) => a.reduce((sum, value, c) => sum + (value - b[c]) ** 2, 0);
  const nearest = new Map([...sums].map(([key, sum]) => [key, closest(mean(sum))]));
  function closest(colour: Colour): number {
    let best = 0;
    for (let i = 1; i < palette.length; i++) {
      if (distance(palette[i], colour) < distance(palette[best], colour)) best = i;
    }
    return best;
  }
  return { palette, indices: Uint8Array.from({ length: count }, (_, i) => nearest.get(bin(i)) as number) };
}
