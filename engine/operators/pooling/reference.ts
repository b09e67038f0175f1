// Max and average pooling of images.
import { build, type Dense, element } from "../lib/reference/dense.js";

export interface Windows {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** `of` the values of x inside each window. */
function pool(x: Dense, { kernel, stride, padding }: Windows, of: (values: number[]) => number): Dense {
  const [batch, channels, height, width] = x.shape;
  const along = (n: number, axis: 0 | 1) => Math.floor((n + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1;
  return build([batch, channels, along(height, 0), along(width, 1)], ([b, c, j, i]) => {
    const values: number[] = [];
    for (let y = j * stride[0] - padding[0], row = 0; row < kernel[0]; row++) {
      for (let z = i * stride[1] - padding[1], column = 0; column < kernel[1]; column++) {
        const [at, to] = [y + row, z + column];
        if (at >= 0 && at < height && to >= 0 && to < width) values.push(element(x, [b, c, at, to]));
      }
    }
    return of(values);
  });
}

export const maxPool2d = (x: Dense, windows: Windows): Dense => pool(x, windows, (values) => Math.max(...values));

/** Padding counts as zeros, or not at all. */
export const avgPool2d = (x: Dense, windows: Windows, countIncludePad: boolean): Dense =>
  pool(x, windows, (values) => {
    const count = countIncludePad ? windows.kernel[0] * windows.kernel[1] : values.length;
    return values.reduce((sum, value) => sum + value, 0) / count;
  });

/** Averages of parts from floor(i n / m) to ceil((i + 1) n / m) along both axes. */
export function adaptiveAvgPool2d(x: Dense, size: readonly [number, number]): Dense {
  const [batch, channels, height, width] = x.shape;
  return build([batch, channels, ...size], ([b, c, j, i]) => {
    const values: number[] = [];
    for (let y = Math.floor((j * height) / size[0]); y < ((j + 1) * height) / size[0]; y++) {
      for (let z = Math.floor((i * width) / size[1]); z < ((i + 1) * width) / size[1]; z++) {
        values.push(element(x, [b, c, y, z]));
      }
    }
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}
