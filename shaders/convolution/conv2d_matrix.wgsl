// Convolution for GPUs with tensor cores (see lib/tiled_matrix.wgsl). Bindings, params and constants are those of
// conv2d_tiled.wgsl except CHANNELS: K tiles have up to 48 elements here.
diagnostic(off, chromium.subgroup_matrix_uniformity);
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

const CHANNELS = max(1, 48 / TILE_KERNEL);
//#include convolution/lib/conv2d_tiled.wgsl
//#include lib/tiled_matrix.wgsl
