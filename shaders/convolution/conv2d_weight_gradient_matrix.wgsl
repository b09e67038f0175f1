// Gradient of a convolution's weights for GPUs with tensor cores (see lib/tiled_matrix.wgsl). Bindings, params and
// constants are those of conv2d_weight_gradient_tiled.wgsl except TILE_K.
diagnostic(off, chromium.subgroup_matrix_uniformity);
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

const TILE_K = 32u;
//#include convolution/lib/conv2d_weight_gradient_tiled.wgsl
//#include lib/tiled_matrix.wgsl
