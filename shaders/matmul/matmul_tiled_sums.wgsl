// The product of matmul_tiled.wgsl, and the sums of the rows of a: for the gradients of a linear layer's weights and
// bias at once.
const TILE_K: u32 = 16; // @tunable
const SUM_A: bool = true;

@group(0) @binding(4) var<storage, read_write> sums: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

fn store_sum(z: u32, row: u32, v: f32) {
  if (row < params.m) { sums[z * params.m + row] = v; }
}

//#include matmul/lib/matmul_tiled.wgsl
//#include lib/tiled_fma.wgsl
