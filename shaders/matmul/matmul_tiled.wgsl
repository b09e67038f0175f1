// Matrix product for GPUs, in tiles of workgroup memory (see lib/matmul_tiled.wgsl).
const SUM_A: bool = false;

@group(0) @binding(4) var<uniform> params: Params;

fn store_sum(z: u32, row: u32, v: f32) {}

//#include matmul/lib/matmul_tiled.wgsl
