// Convolution for GPUs, by multiply-adds (see lib/tiled_fma.wgsl).
const CHANNELS: u32 = 1; // @tunable input channels of a K tile
//#include convolution/lib/conv2d_tiled.wgsl
//#include lib/tiled_fma.wgsl
