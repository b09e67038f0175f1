// Gradient of a convolution's weights for GPUs, by multiply-adds (see lib/tiled_fma.wgsl).
const TILE_K: u32 = 8; // @tunable
//#include convolution/lib/conv2d_weight_gradient_tiled.wgsl
//#include lib/tiled_fma.wgsl
