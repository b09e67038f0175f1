// Matrix product for GPUs, in tiles of workgroup memory (see lib/matmul_tiled.wgsl).
const TILE_K: u32 = 16; // @tunable
const SUM_A: bool = false;

@group(0) @binding(4) var<uniform> params: Params;

fn store_sum(z: u32, row: u32, v: f32) {}

//#include matmul/lib/matmul_tiled.wgsl
//#include lib/tiled_fma.wgsl
