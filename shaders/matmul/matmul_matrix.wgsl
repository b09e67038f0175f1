// Matrix product for GPUs with tensor cores (see lib/tiled_matrix.wgsl). Bindings, params and constants are those of
// matmul_tiled.wgsl except TILE_K.
diagnostic(off, chromium.subgroup_matrix_uniformity);
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

const TILE_K = 32u;
const SUM_A: bool = false;

@group(0) @binding(4) var<uniform> params: Params;

fn store_sum(z: u32, row: u32, v: f32) {}

//#include matmul/lib/matmul_tiled.wgsl
//#include lib/tiled_matrix.wgsl
