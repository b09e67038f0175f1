// Sliding windows, of pooling and of the general convolutions. Pairs are [y, x].
type Two = readonly [y: number, x: number];

export interface Windows {
  /** Of the images. */
  readonly size: Two;
  readonly kernel: Two;
  readonly stride: Two;
  readonly padding: Two;
}

/** How many windows there are along both axes. */
export function countWindows({ size, kernel, stride, padding }: Windows, dilation: Two = [1, 1]): Two {
  const along = (axis: 0 | 1) =>
    Math.floor((size[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1;
  return [along(0), along(1)];
}

/** The params of kernels. */
export const windowParams = ({ size, kernel, stride, padding }: Windows, [out_h, out_w]: Two) => ({
  height: size[0],
  width: size[1],
  out_h,
  out_w,
  kh: kernel[0],
  kw: kernel[1],
  stride_h: stride[0],
  stride_w: stride[1],
  pad_h: padding[0],
  pad_w: padding[1],
});
