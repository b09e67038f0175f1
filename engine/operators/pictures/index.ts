// Input and output of pictures: images, video frames, pixels and canvases as tensors, and tensors on a canvas or as
// pixels. Colours are sRGB as the page shows them; tensors are [1, 3, H, W] in [-1, 1], as CUT's networks take them.
// Not public: crops of a picture in GPU memory.
export { fillWithCrops } from "./crops.js";
export { type FromImageOptions, fromImage, type ImagePixels, type ImageSource } from "./input.js";
export { toCanvas, toImageData } from "./output.js";
