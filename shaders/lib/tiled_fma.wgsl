// The products of a tile (lib/tiled_gemm.wgsl) by multiply-adds in f32: every invocation keeps THREAD_M * 4 rows x
// THREAD_N * 4 columns of results in registers. All inner loops have constant bounds, so that they can be unrolled, or
// are written out.

// A GPU wants unrolled loops. Compilers of software adapters take long over them: there the loop over a slice's terms
// runs to a bound that is no constant.
const ROLLED: bool = false; // @tunable

alias Staged = vec4f;
// Lines of k, each a quad longer than needed, so that neighbouring k lie in different banks.
const LINE_A: u32 = QUADS_M + 1;
const LINE_B: u32 = QUADS_N + 1;
var<workgroup> tile_a: array<vec4f, TILE_K * LINE_A>;
var<workgroup> tile_b: array<vec4f, TILE_K * LINE_B>;

// 32 invocations that run together span 4 x 8 quads of results: they read few and neighbouring addresses.
const SPAN_M: u32 = min(LANES_M, 4u);
const SPAN_N: u32 = min(LANES_N, 8u);
const SPANS_N: u32 = LANES_N / SPAN_N;

// The results of an invocation: four rows of each quad of columns, for each quad of rows.
const THREAD_VEC4S: u32 = THREAD_M * THREAD_N * 4;
// Whether a slice is summed by itself before it joins the total: short chains of additions round less. A thread tile of
// two by two quads, and the places of several parts, leave no registers for it.
const APART: bool = ONE_PART && THREAD_VEC4S < 16;
alias Totals = array<vec4f, THREAD_VEC4S>;

// The first quads of rows and of columns of an invocation.
fn place_in_tile(local: u32) -> vec2u {
  let span = local / (SPAN_M * SPAN_N);
  return vec2u(local / SPAN_N % SPAN_M + span / SPANS_N * SPAN_M, local % SPAN_N + span % SPANS_N * SPAN_N);
}

// Adds the products of term k of a slice to the totals. The remainders change nothing: by them Tint sees that no index
// leaves the tiles, and clamps none, so that all of an invocation's loads share one address.
fn add_products(term: u32, lane: vec2u, total: TotalsPointer) {
  let k = term % TILE_K;
  for (var j = 0u; j < THREAD_N; j++) {
    let bv = tile_b[k * LINE_B + lane.y % LANES_N + j * LANES_N];
    for (var i = 0u; i < THREAD_M; i++) {
      let av = tile_a[k * LINE_A + lane.x % LANES_M + i * LANES_M];
      let to = (i * THREAD_N + j) * 4;
      (*total)[to] += av.x * bv;
      (*total)[to + 1] += av.y * bv;
      (*total)[to + 2] += av.z * bv;
      (*total)[to + 3] += av.w * bv;
    }
  }
}

// The same for six terms, written out: NVIDIA's compiler unrolls loops over terms only in part.
fn add_six(first: u32, lane: vec2u, total: TotalsPointer) {
  if (first < TILE_K) { add_products(first, lane, total); }
  if (first + 1 < TILE_K) { add_products(first + 1, lane, total); }
  if (first + 2 < TILE_K) { add_products(first + 2, lane, total); }
  if (first + 3 < TILE_K) { add_products(first + 3, lane, total); }
  if (first + 4 < TILE_K) { add_products(first + 4, lane, total); }
  if (first + 5 < TILE_K) { add_products(first + 5, lane, total); }
}

// Adds the products of a slice to the totals. `terms` counts those that are left of a part.
fn add_slice(terms: u32, lane: vec2u, total: TotalsPointer) {
  var sums = Totals();
  if (!APART) { sums = *total; }
  if (ROLLED) {
    for (var k = 0u; k < min(TILE_K, terms); k++) { add_products(k, lane, &sums); }
  } else {
    add_six(0, lane, &sums);
    add_six(6, lane, &sums);
    add_six(12, lane, &sums);
  }
  if (APART) {
    for (var p = 0u; p < THREAD_VEC4S; p++) { (*total)[p] += sums[p]; }
  } else {
    *total = sums;
  }
}

// Stores the sums of a: those of the invocations that loaded the same rows at other k join, by way of a's tile.
fn finish_sums(tile: vec3u, local: u32, sums_a: SumsOfAPointer) {
  for (var j = 0u; j < LOADS_A; j++) {
    let e = local + j * LANES;
    let k = select(local / QUADS_M + j * (LANES / QUADS_M), e % TILE_K, a_along_k());
    let quad = select(local % QUADS_M, e / TILE_K, a_along_k());
    if (e < SLICE_A) { tile_a[k * LINE_A + quad] = (*sums_a)[j]; }
  }
  workgroupBarrier();
  for (var quad = local; quad < QUADS_M; quad += LANES) {
    var sum = vec4f();
    for (var k = 0u; k < TILE_K; k++) { sum += tile_a[k * LINE_A + quad]; }
    for (var j = 0u; j < 4; j++) { store_sum(tile.x, tile.y + quad * 4 + j, sum[j]); }
  }
}

// Stores vec4 `p` of an invocation's results, of which the first are at `first`.
fn finish(first: vec3u, p: u32, v: vec4f) {
  let row = first.y + p / 4 / THREAD_N * LANES_M * 4 + p % 4;
  let columns = first.z + p / 4 % THREAD_N * LANES_N * 4 + vec4u(0, 1, 2, 3);
  if (row < gemm_size().x) { store(first.x, row, columns, y_place(first.x, columns), v); }
}

// The same for four in a row.
fn finish_four(first: vec3u, p: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  finish(first, p, a);
  finish(first, p + 1, b);
  finish(first, p + 2, c);
  finish(first, p + 3, d);
}

// Stores the results of an invocation.
fn finish_tile(tile: vec3u, local: u32, lane: vec2u, total: TotalsPointer) {
  let first = tile + vec3u(0, lane * 4);
  if (ROLLED) {
    var t = *total;
    let size = gemm_size();
    for (var p = 0u; p < min(THREAD_VEC4S, THREAD_VEC4S * size.z); p++) { finish(first, p, t[p]); }
  } else {
    // Written out: an index that is not constant would move the totals from registers to memory, for the whole kernel.
    let t = *total;
    const N = THREAD_VEC4S;
    finish_four(first, 0, t[0], t[1], t[2], t[3]);
    if (N > 4) { finish_four(first, 4, t[4 % N], t[5 % N], t[6 % N], t[7 % N]); }
    if (N > 8) { finish_four(first, 8, t[8 % N], t[9 % N], t[10 % N], t[11 % N]); }
    if (N > 12) { finish_four(first, 12, t[12 % N], t[13 % N], t[14 % N], t[15 % N]); }
  }
}
