// Multiplies the tiles of lib/tiled_gemm.wgsl by multiply-adds in f32: every invocation keeps THREAD_M * 4 rows x
// THREAD_N * 4 columns of results in registers. Inner loops have constant bounds, so that compilers can unroll them, or
// are written out.

// GPUs need unrolled loops. Software adapters take long to compile them; without UNROLL the bound of the loop over a K
// tile is not a constant, which prevents it.
const UNROLL: bool = true; // @tunable

alias Staged = vec4f;
// Rows of the tiles, one per k, are padded by one vec4, so that neighbouring k are in different banks.
const LDA: u32 = VEC4S_M + 1;
const LDB: u32 = VEC4S_N + 1;
var<workgroup> tile_a: array<vec4f, TILE_K * LDA>;
var<workgroup> tile_b: array<vec4f, TILE_K * LDB>;

// 32 invocations that run together (a warp) compute 4 x 8 vec4s of results, so that they read few addresses, and
// neighbouring ones.
const WARP_M: u32 = min(THREADS_M, 4u);
const WARP_N: u32 = min(THREADS_N, 8u);
const WARPS_N: u32 = THREADS_N / WARP_N;

// The results of an invocation: for each vec4 of rows and each vec4 of columns, four rows of one vec4.
const THREAD_VEC4S: u32 = THREAD_M * THREAD_N * 4;
// Two-level accumulation: each K tile is summed by itself before it is added to the totals, since short chains of
// additions round less. A thread tile of 2 x 2 vec4s, or the addresses of several parts, leave no registers for it.
const TWO_LEVEL: bool = ONE_PART && THREAD_VEC4S < 16;
alias Totals = array<vec4f, THREAD_VEC4S>;

// The indices of an invocation's first vec4s of rows and of columns in the tile.
fn thread_offset(local: u32) -> vec2u {
  let warp = local / (WARP_M * WARP_N);
  return vec2u(local / WARP_N % WARP_M + warp / WARPS_N * WARP_M, local % WARP_N + warp % WARPS_N * WARP_N);
}

// Adds the products of one k of a K tile to the totals. The remainders change nothing, but they prove to Tint that no
// index is out of bounds. It then clamps none, and all loads of an invocation share one address.
fn add_products(index: u32, thread: vec2u, total: TotalsPointer) {
  let k = index % TILE_K;
  for (var j = 0u; j < THREAD_N; j++) {
    let bv = tile_b[k * LDB + thread.y % THREADS_N + j * THREADS_N];
    for (var i = 0u; i < THREAD_M; i++) {
      let av = tile_a[k * LDA + thread.x % THREADS_M + i * THREADS_M];
      let to = (i * THREAD_N + j) * 4;
      (*total)[to] += av.x * bv;
      (*total)[to + 1] += av.y * bv;
      (*total)[to + 2] += av.z * bv;
      (*total)[to + 3] += av.w * bv;
    }
  }
}

// The same for six k, written out: NVIDIA's compiler unrolls a loop over k only in part.
fn add_six(first: u32, thread: vec2u, total: TotalsPointer) {
  if (first < TILE_K) { add_products(first, thread, total); }
  if (first + 1 < TILE_K) { add_products(first + 1, thread, total); }
  if (first + 2 < TILE_K) { add_products(first + 2, thread, total); }
  if (first + 3 < TILE_K) { add_products(first + 3, thread, total); }
  if (first + 4 < TILE_K) { add_products(first + 4, thread, total); }
  if (first + 5 < TILE_K) { add_products(first + 5, thread, total); }
}

// Adds the products of a K tile to the totals. `k_size`, the length of k, only serves as a bound that is not constant.
fn add_k_tile(k_size: u32, thread: vec2u, total: TotalsPointer) {
  var sums = Totals();
  if (!TWO_LEVEL) { sums = *total; }
  if (!UNROLL) {
    for (var k = 0u; k < min(TILE_K, k_size); k++) { add_products(k, thread, &sums); }
  } else {
    add_six(0, thread, &sums);
    add_six(6, thread, &sums);
    add_six(12, thread, &sums);
  }
  if (TWO_LEVEL) {
    for (var p = 0u; p < THREAD_VEC4S; p++) { (*total)[p] += sums[p]; }
  } else {
    *total = sums;
  }
}

// Stores the sums of a. Those of invocations that loaded the same rows at other k are added by way of tile_a.
fn finish_sums(tile: vec3u, local: u32, sums_a: SumsOfAPointer) {
  for (var j = 0u; j < LOADS_A; j++) {
    let e = local + j * THREADS;
    let k = select(local / VEC4S_M + j * (THREADS / VEC4S_M), e % TILE_K, a_along_k());
    let index = select(local % VEC4S_M, e / TILE_K, a_along_k());
    if (e < VEC4S_A) { tile_a[k * LDA + index] = (*sums_a)[j]; }
  }
  workgroupBarrier();
  for (var index = local; index < VEC4S_M; index += THREADS) {
    var sum = vec4f();
    for (var k = 0u; k < TILE_K; k++) { sum += tile_a[k * LDA + index]; }
    for (var j = 0u; j < 4; j++) { store_sum(tile.x, tile.y + index * 4 + j, sum[j]); }
  }
}

// Stores vec4 `p` of an invocation's results. `first` has the batch, and the row and column of its first result.
fn finish(first: vec3u, p: u32, v: vec4f) {
  let row = first.y + p / 4 / THREAD_N * THREADS_M * 4 + p % 4;
  let columns = first.z + p / 4 % THREAD_N * THREADS_N * 4 + vec4u(0, 1, 2, 3);
  if (row < gemm_size().x) { store(first.x, row, columns, y_offset(first.x, columns), v); }
}

// The same for four consecutive vec4s.
fn finish_four(first: vec3u, p: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  finish(first, p, a);
  finish(first, p + 1, b);
  finish(first, p + 2, c);
  finish(first, p + 3, d);
}

// Stores the results of an invocation.
fn finish_tile(tile: vec3u, local: u32, thread: vec2u, total: TotalsPointer) {
  let first = tile + vec3u(0, thread * 4);
  if (!UNROLL) {
    var t = *total;
    let size = gemm_size();
    for (var p = 0u; p < min(THREAD_VEC4S, THREAD_VEC4S * size.z); p++) { finish(first, p, t[p]); }
  } else {
    // Written out: an index that is not constant would keep the totals in memory instead of registers, in all of the
    // kernel.
    let t = *total;
    const N = THREAD_VEC4S;
    finish_four(first, 0, t[0], t[1], t[2], t[3]);
    if (N > 4) { finish_four(first, 4, t[4 % N], t[5 % N], t[6 % N], t[7 % N]); }
    if (N > 8) { finish_four(first, 8, t[8 % N], t[9 % N], t[10 % N], t[11 % N]); }
    if (N > 12) { finish_four(first, 12, t[12 % N], t[13 % N], t[14 % N], t[15 % N]); }
  }
}
