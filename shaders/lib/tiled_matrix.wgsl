// Multiplies the tiles of lib/tiled_gemm.wgsl on a GPU's tensor cores, by subgroup matrices: operands in f16, sums in
// f32. The subgroups of a workgroup divide the tile among themselves; each keeps THREAD_M x 2 * THREAD_N matrices of
// 16 x 16 results.
// Limits: subgroups of 32 consecutive invocations, configurations of 16 x 16 x 16 from f16 to f32, and the experimental
// feature chromium-experimental-subgroup-matrix
// (https://dawn.googlesource.com/dawn/+/refs/heads/main/docs/dawn/features/subgroup_matrix.md). Offsets and strides
// of a load count elements of the array, which here are vec4s.
alias Staged = vec4h;
// Matrices take 16 k at a time. Rows beyond TILE_K are never written and stay zero, as workgroup memory begins.
const PADDED_K: u32 = (TILE_K + 15) / 16 * 16;
// Rows are padded by two vec4s, so that neighbouring k are in different banks.
const LDA: u32 = VEC4S_M + 2;
const LDB: u32 = VEC4S_N + 2;
var<workgroup> tile_a: array<vec4h, PADDED_K * LDA>;
var<workgroup> tile_b: array<vec4h, PADDED_K * LDB>;

const SUBGROUP: u32 = 32;
const SUBGROUP_N: u32 = TILE_N / (THREAD_N * 32);
const MATRICES_M: u32 = THREAD_M;
const MATRICES_N: u32 = THREAD_N * 2;
alias Left = subgroup_matrix_left<f16, 16, 16>;
alias Right = subgroup_matrix_right<f16, 16, 16>;
alias Result = subgroup_matrix_result<f32, 16, 16>;
alias Totals = array<Result, MATRICES_M * MATRICES_N>;
// One matrix of results per subgroup, on its way to memory.
var<workgroup> results: array<f32, THREADS / SUBGROUP * 256>;

// The indices of a subgroup's first vec4s of rows and of columns in the tile.
fn thread_offset(local: u32) -> vec2u {
  let subgroup = local / SUBGROUP;
  return vec2u(subgroup / SUBGROUP_N * MATRICES_M * 4, subgroup % SUBGROUP_N * MATRICES_N * 4);
}

// Adds the products of a K tile to the totals.
fn add_k_tile(k_size: u32, first: vec2u, total: TotalsPointer) {
  for (var k = 0u; k < PADDED_K; k += 16) {
    var left: array<Left, MATRICES_M>;
    for (var i = 0u; i < MATRICES_M; i++) {
      left[i] = subgroupMatrixLoad<Left, col_major>(&tile_a, k * LDA + first.x + i * 4, LDA);
    }
    for (var j = 0u; j < MATRICES_N; j++) {
      let right = subgroupMatrixLoad<Right, row_major>(&tile_b, k * LDB + first.y + j * 4, LDB);
      for (var i = 0u; i < MATRICES_M; i++) {
        let to = i * MATRICES_N + j;
        (*total)[to] = subgroupMatrixMultiplyAccumulate(left[i], right, (*total)[to]);
      }
    }
  }
}

// Stores the sums of a. In each load the invocations of a subgroup loaded all k of the same vec4 of rows.
fn finish_sums(tile: vec3u, local: u32, sums_a: SumsOfAPointer) {
  const_assert !SUM_A || TILE_K == SUBGROUP;
  for (var j = 0u; j < LOADS_A; j++) {
    let sum = subgroupAdd((*sums_a)[j]);
    let row = (local + j * THREADS) / TILE_K * 4 + local % SUBGROUP;
    if (local % SUBGROUP < 4 && row < TILE_M) { store_sum(tile.x, tile.y + row, sum[local % SUBGROUP]); }
  }
}

// Stores the results of a subgroup, one matrix after the other, two vec4s per invocation.
fn finish_tile(tile: vec3u, local: u32, first: vec2u, total: TotalsPointer) {
  let at = local / SUBGROUP * 256;
  for (var i = 0u; i < MATRICES_M; i++) {
    for (var j = 0u; j < MATRICES_N; j++) {
      subgroupMatrixStore<row_major>(&results, at, (*total)[i * MATRICES_N + j], 16);
      workgroupBarrier();
      for (var p = 0u; p < 2; p++) {
        let index = local % SUBGROUP + p * SUBGROUP;
        let row = tile.y + (first.x + i * 4) * 4 + index / 4;
        let columns = tile.z + (first.y + j * 4 + index % 4) * 4 + vec4u(0, 1, 2, 3);
        let start = at + index * 4;
        let v = vec4f(results[start], results[start + 1], results[start + 2], results[start + 3]);
        if (row < gemm_size().x) { store(tile.x, row, columns, y_offset(tile.x, columns), v); }
      }
      workgroupBarrier();
    }
  }
}
