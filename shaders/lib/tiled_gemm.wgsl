// The tiled matrix product (GEMM) that all kernels for GPUs share:
//   y[z, m, n] = sum over parts and k of a[z, m, part, k] * b[z, part, k, n]
// A workgroup computes TILE_M x TILE_N results, THREAD_M * THREAD_N * 16 per invocation. It walks along k in K tiles of
// TILE_K elements, which it stages in workgroup memory. While one K tile is multiplied, the next one is loaded into
// registers. A multiprocessor issues one instruction at a time, so the loop over K tiles should hold little but
// multiplications: addresses are computed once per part and only incremented per K tile.
// lib/tiled_fma.wgsl multiplies a K tile by multiply-adds, lib/tiled_matrix.wgsl on tensor cores; one of them is
// included after this file. It declares tile_a and tile_b, whose row k begins at vec4 k * LDA or k * LDB.
// engine/operators/lib/tiles.ts chooses the sizes. The file that includes this defines:
//   TILE_K
//     elements of a K tile
//   ONE_PART
//     whether the sum has only one part: a loop around it would cost registers
//   SUM_A, store_sum(z, row, v)
//     whether the sum of a over all parts and k is wanted for each row, at the cost of an addition per loaded element;
//     the row may be beyond the last one
//   gemm_size() -> vec3u
//     m, n and the number of batches
//   gemm_sum(z) -> vec2u
//     the number of parts that batch z sums, and the length of k in each part
//   a_along_k(), b_along_k() -> bool
//     whether neighbouring invocations load neighbours along k, or else neighbouring rows (columns)
//   a_offset(z, row, k, part) -> OffsetA, b_offset(z, column, k, part) -> OffsetB
//     the address, in a part's first K tile, of the four elements that begin at a row (column); rows, columns and k may
//     be out of bounds
//   load_a(offset, k_tile, valid), load_b(offset, k_tile, valid) -> vec4f
//     the four elements at this offset of a K tile, or zeros if k is out of bounds (not valid); elements whose row
//     (column) is out of bounds may have any value
//   y_offset(z, columns) -> vec4u, store(z, row, columns, offset, v)
//     stores four neighbouring results; columns may be out of bounds
// Every hook must be `let`s and one `return` (store() may be any statements): test/shaders/inline.ts relies on it.
const TILE_M: u32 = 64; // @tunable
const TILE_N: u32 = 64; // @tunable
const THREAD_M: u32 = 2; // @tunable vec4s of rows per invocation: 1 or 2
const THREAD_N: u32 = 1; // @tunable vec4s of columns per invocation: 1 or 2

const VEC4S_M: u32 = TILE_M / 4;
const VEC4S_N: u32 = TILE_N / 4;
const THREADS_M: u32 = VEC4S_M / THREAD_M;
const THREADS_N: u32 = VEC4S_N / THREAD_N;
const THREADS: u32 = THREADS_M * THREADS_N;
// vec4s of a K tile, and how many of them an invocation loads at most.
const VEC4S_A: u32 = VEC4S_M * TILE_K;
const VEC4S_B: u32 = VEC4S_N * TILE_K;
const LOADS_A: u32 = (VEC4S_A + THREADS - 1) / THREADS;
const LOADS_B: u32 = (VEC4S_B + THREADS - 1) / THREADS;
// Workgroups are ordered in groups of GROUP_M rows of tiles, column by column within a group, so that those that run at
// the same time share operands in the L2 cache (as in Triton's matrix multiplication).
const GROUP_M: u32 = 8;

alias TotalsPointer = ptr<function, Totals>;
// The sums over k of the vec4s of a that an invocation loads.
alias SumsOfA = array<vec4f, LOADS_A>;
alias SumsOfAPointer = ptr<function, SumsOfA>;

// Adds one part of the sum to the totals. `tile` has the batch, the first row and the first column.
fn add_part(tile: vec3u, part: u32, k_size: u32, local: u32, thread: vec2u, total: TotalsPointer,
            sums_a: SumsOfAPointer) {
  // Addresses of the vec4s that this invocation loads, and where it stages them in workgroup memory.
  var offsets_a: array<OffsetA, LOADS_A>;
  var tile_offsets_a: array<u32, LOADS_A>;
  for (var j = 0u; j < LOADS_A; j++) {
    let e = local + j * THREADS;
    let k = select(local / VEC4S_M + j * (THREADS / VEC4S_M), e % TILE_K, a_along_k());
    let index = select(local % VEC4S_M, e / TILE_K, a_along_k());
    offsets_a[j] = a_offset(tile.x, tile.y + index * 4, k, part);
    tile_offsets_a[j] = k * LDA + index;
  }
  var offsets_b: array<OffsetB, LOADS_B>;
  var tile_offsets_b: array<u32, LOADS_B>;
  for (var j = 0u; j < LOADS_B; j++) {
    let e = local + j * THREADS;
    let k = select(local / VEC4S_N + j * (THREADS / VEC4S_N), e % TILE_K, b_along_k());
    let index = select(local % VEC4S_N, e / TILE_K, b_along_k());
    offsets_b[j] = b_offset(tile.x, tile.z + index * 4, k, part);
    tile_offsets_b[j] = k * LDB + index;
  }

  let k_tiles = (k_size + TILE_K - 1) / TILE_K;
  var next_a: array<Staged, LOADS_A>;
  var next_b: array<Staged, LOADS_B>;
  for (var k_tile = 0u; k_tile <= k_tiles; k_tile++) {
    if (k_tile < k_tiles) {
      // From row `end` of the tile on, k is out of bounds.
      let end = k_size - k_tile * TILE_K;
      for (var j = 0u; j < LOADS_A; j++) {
        if ((j + 1) * THREADS <= VEC4S_A || local + j * THREADS < VEC4S_A) {
          next_a[j] = Staged(load_a(offsets_a[j], k_tile, tile_offsets_a[j] < end * LDA));
        }
      }
      for (var j = 0u; j < LOADS_B; j++) {
        if ((j + 1) * THREADS <= VEC4S_B || local + j * THREADS < VEC4S_B) {
          next_b[j] = Staged(load_b(offsets_b[j], k_tile, tile_offsets_b[j] < end * LDB));
        }
      }
    }
    if (k_tile > 0) { add_k_tile(k_size, thread, total); }
    workgroupBarrier();
    if (k_tile < k_tiles) {
      for (var j = 0u; j < LOADS_A; j++) {
        if ((j + 1) * THREADS <= VEC4S_A || local + j * THREADS < VEC4S_A) {
          tile_a[tile_offsets_a[j]] = next_a[j];
          if (SUM_A) { (*sums_a)[j] += vec4f(next_a[j]); }
        }
      }
      for (var j = 0u; j < LOADS_B; j++) {
        if ((j + 1) * THREADS <= VEC4S_B || local + j * THREADS < VEC4S_B) { tile_b[tile_offsets_b[j]] = next_b[j]; }
      }
    }
    workgroupBarrier();
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let size = gemm_size();
  let tiles_m = (size.x + TILE_M - 1) / TILE_M;
  let tiles_n = (size.y + TILE_N - 1) / TILE_N;
  let flat = group.y * groups.x + group.x;
  let z = flat / (tiles_m * tiles_n);
  // A folded grid may be larger than needed. Either all invocations of a workgroup return, or none.
  if (z >= size.z) { return; }
  let in_batch = flat % (tiles_m * tiles_n);
  let group_m = in_batch / (GROUP_M * tiles_n);
  let in_group = in_batch % (GROUP_M * tiles_n);
  let group_rows = min(GROUP_M, tiles_m - group_m * GROUP_M);
  let tile = vec3u(z, (group_m * GROUP_M + in_group % group_rows) * TILE_M, in_group / group_rows * TILE_N);

  let thread = thread_offset(local);
  let sum = gemm_sum(z);
  var total: Totals;
  var sums_a: SumsOfA;
  if (ONE_PART) {
    add_part(tile, 0, sum.y, local, thread, &total, &sums_a);
  } else {
    for (var part = 0u; part < sum.x; part++) {
      add_part(tile, part, sum.y, local, thread, &total, &sums_a);
    }
  }
  if (SUM_A && tile.z == 0) { finish_sums(tile, local, &sums_a); }
  finish_tile(tile, local, thread, &total);
}
