// Convolution for GPUs with matrix units (see lib/tiled_matrix.wgsl). Bindings, params and constants are those of
// conv2d_tiled.wgsl, but for CHANNELS: slices have up to 48 terms here.
diagnostic(off, chromium.subgroup_matrix_uniformity);
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

const CHANNELS = max(1, 48 / SLICE_TAPS);
//#include convolution/lib/conv2d_tiled.wgsl
//#include lib/tiled_matrix.wgsl
