// The matrix product in tiles of workgroup memory that all kernels for GPUs share:
//   y[z, m, n] = sum over parts and k of a[z, m, part, k] * b[z, part, k, n]
// A workgroup computes TILE_M x TILE_N results over slices of TILE_K terms, which it stages in workgroup memory. Every
// invocation keeps THREAD_M * 4 rows x THREAD_N * 4 columns of results in registers, and while they take one slice in,
// it loads its elements of the next.
// A multiprocessor issues one instruction at a time, so all that is no multiplication is kept out of the loop over
// slices: where an element lies is found once per part, and from slice to slice only a uniform distance is added. All
// inner loops have constant bounds, so that they can be unrolled, or are written out.
// engine/operators/lib/tiles.ts chooses the sizes. The file that includes this defines:
//   TILE_K
//     terms of a slice
//   ONE_PART
//     whether the sum has only one part: a loop around it would cost registers
//   SUM_A, store_sum(z, row, v)
//     whether the sum of a over all parts and k is wanted for each row, which costs an addition for every element that
//     is loaded. Rows may lie beyond the last
//   gemm_size() -> vec3u
//     m, n and the number of batches
//   gemm_sum(z) -> vec2u
//     the parts that batch z sums, and the terms of a part
//   a_along_k(), b_along_k() -> bool
//     whether neighbouring invocations load neighbouring k, or else neighbouring rows (columns)
//   a_place(z, row, k, part) -> PlaceA, b_place(z, column, k, part) -> PlaceB
//     where a part's first slice has the four elements that begin at a row (column). Rows, columns and terms may lie
//     beyond the last
//   a_quad(place, slice, there), b_quad(place, slice, there) -> vec4f
//     the four elements that take this place in a slice of the part, or zeros if they are not there: beyond the last
//     term. Those beyond the last row (column) may be anything
//   y_place(z, columns) -> vec4u, store(z, row, columns, place, v)
//     stores four neighbouring results; columns may lie beyond the last
// Every hook is a row of lets and a return (or, for store, any statements): test/shaders/inline.ts relies on it.
const TILE_M: u32 = 64; // @tunable
const TILE_N: u32 = 64; // @tunable
const THREAD_M: u32 = 2; // @tunable quads of rows per invocation: 1 or 2
const THREAD_N: u32 = 1; // @tunable quads of columns
// A GPU wants unrolled loops. Compilers of software adapters take long over them: there the loop over a slice's terms
// runs to a bound that is no constant.
const ROLLED: bool = false; // @tunable

const QUADS_M: u32 = TILE_M / 4;
const QUADS_N: u32 = TILE_N / 4;
const LANES_M: u32 = QUADS_M / THREAD_M;
const LANES_N: u32 = QUADS_N / THREAD_N;
const LANES: u32 = LANES_M * LANES_N;
// Quads of a slice, and the most of them that an invocation loads.
const SLICE_A: u32 = QUADS_M * TILE_K;
const SLICE_B: u32 = QUADS_N * TILE_K;
const LOADS_A: u32 = (SLICE_A + LANES - 1) / LANES;
const LOADS_B: u32 = (SLICE_B + LANES - 1) / LANES;
// 32 invocations that run together span 4 x 8 quads of results: they read few and neighbouring addresses.
const SPAN_M: u32 = min(LANES_M, 4u);
const SPAN_N: u32 = min(LANES_N, 8u);
const SPANS_N: u32 = LANES_N / SPAN_N;
// Tiles are walked in bands of this many rows of tiles, column by column, so that tiles at work together share operands
// in the cache.
const BAND: u32 = 8;

// Lines of k, each a quad longer than needed, so that neighbouring k lie in different banks.
const LINE_A: u32 = QUADS_M + 1;
const LINE_B: u32 = QUADS_N + 1;
var<workgroup> tile_a: array<vec4f, TILE_K * LINE_A>;
var<workgroup> tile_b: array<vec4f, TILE_K * LINE_B>;

// The results of an invocation: four rows of each quad of columns, for each quad of rows.
const THREAD_VEC4S: u32 = THREAD_M * THREAD_N * 4;
// Whether a slice is summed by itself before it joins the total: short chains of additions round less. A thread tile of
// two by two quads, and the places of several parts, leave no registers for it.
const APART: bool = ONE_PART && THREAD_VEC4S < 16;
alias Totals = array<vec4f, THREAD_VEC4S>;
alias TotalsPointer = ptr<function, Totals>;
// The sums of the quads of a that an invocation loads.
alias SumsOfA = array<vec4f, LOADS_A>;
alias SumsOfAPointer = ptr<function, SumsOfA>;

// Adds the products of term k of a slice to the totals. The remainders change nothing: by them Tint sees that no index
// leaves the tiles, and clamps none, so that all of an invocation's loads share one address.
fn add_products(term: u32, lane_m: u32, lane_n: u32, total: TotalsPointer) {
  let k = term % TILE_K;
  for (var j = 0u; j < THREAD_N; j++) {
    let bv = tile_b[k * LINE_B + lane_n % LANES_N + j * LANES_N];
    for (var i = 0u; i < THREAD_M; i++) {
      let av = tile_a[k * LINE_A + lane_m % LANES_M + i * LANES_M];
      let to = (i * THREAD_N + j) * 4;
      (*total)[to] += av.x * bv;
      (*total)[to + 1] += av.y * bv;
      (*total)[to + 2] += av.z * bv;
      (*total)[to + 3] += av.w * bv;
    }
  }
}

// The same for six terms, written out: NVIDIA's compiler unrolls loops over terms only in part.
fn add_six(first: u32, lane_m: u32, lane_n: u32, total: TotalsPointer) {
  if (first < TILE_K) { add_products(first, lane_m, lane_n, total); }
  if (first + 1 < TILE_K) { add_products(first + 1, lane_m, lane_n, total); }
  if (first + 2 < TILE_K) { add_products(first + 2, lane_m, lane_n, total); }
  if (first + 3 < TILE_K) { add_products(first + 3, lane_m, lane_n, total); }
  if (first + 4 < TILE_K) { add_products(first + 4, lane_m, lane_n, total); }
  if (first + 5 < TILE_K) { add_products(first + 5, lane_m, lane_n, total); }
}

// Adds one part of the sum to the totals of an invocation.
fn add_part(z: u32, m0: u32, n0: u32, part: u32, terms: u32, local: u32, lane_m: u32, lane_n: u32,
            total: TotalsPointer, sums_a: SumsOfAPointer) {
  // Where the quads that this invocation loads are, and where it stages them.
  var places_a: array<PlaceA, LOADS_A>;
  var slots_a: array<u32, LOADS_A>;
  for (var j = 0u; j < LOADS_A; j++) {
    let e = local + j * LANES;
    let k = select(local / QUADS_M + j * (LANES / QUADS_M), e % TILE_K, a_along_k());
    let quad = select(local % QUADS_M, e / TILE_K, a_along_k());
    places_a[j] = a_place(z, m0 + quad * 4, k, part);
    slots_a[j] = k * LINE_A + quad;
  }
  var places_b: array<PlaceB, LOADS_B>;
  var slots_b: array<u32, LOADS_B>;
  for (var j = 0u; j < LOADS_B; j++) {
    let e = local + j * LANES;
    let k = select(local / QUADS_N + j * (LANES / QUADS_N), e % TILE_K, b_along_k());
    let quad = select(local % QUADS_N, e / TILE_K, b_along_k());
    places_b[j] = b_place(z, n0 + quad * 4, k, part);
    slots_b[j] = k * LINE_B + quad;
  }

  let slices = (terms + TILE_K - 1) / TILE_K;
  var next_a: array<vec4f, LOADS_A>;
  var next_b: array<vec4f, LOADS_B>;
  for (var slice = 0u; slice <= slices; slice++) {
    if (slice < slices) {
      // Slots from the line of this k on are beyond the last term.
      let end = terms - slice * TILE_K;
      for (var j = 0u; j < LOADS_A; j++) {
        if ((j + 1) * LANES <= SLICE_A || local + j * LANES < SLICE_A) {
          next_a[j] = a_quad(places_a[j], slice, slots_a[j] < end * LINE_A);
        }
      }
      for (var j = 0u; j < LOADS_B; j++) {
        if ((j + 1) * LANES <= SLICE_B || local + j * LANES < SLICE_B) {
          next_b[j] = b_quad(places_b[j], slice, slots_b[j] < end * LINE_B);
        }
      }
    }
    if (slice > 0) {
      var sums = Totals();
      if (!APART) { sums = *total; }
      if (ROLLED) {
        for (var k = 0u; k < min(TILE_K, terms); k++) { add_products(k, lane_m, lane_n, &sums); }
      } else {
        add_six(0, lane_m, lane_n, &sums);
        add_six(6, lane_m, lane_n, &sums);
        add_six(12, lane_m, lane_n, &sums);
      }
      if (APART) {
        for (var p = 0u; p < THREAD_VEC4S; p++) { (*total)[p] += sums[p]; }
      } else {
        *total = sums;
      }
    }
    workgroupBarrier();
    if (slice < slices) {
      for (var j = 0u; j < LOADS_A; j++) {
        if ((j + 1) * LANES <= SLICE_A || local + j * LANES < SLICE_A) {
          tile_a[slots_a[j]] = next_a[j];
          if (SUM_A) { (*sums_a)[j] += next_a[j]; }
        }
      }
      for (var j = 0u; j < LOADS_B; j++) {
        if ((j + 1) * LANES <= SLICE_B || local + j * LANES < SLICE_B) { tile_b[slots_b[j]] = next_b[j]; }
      }
    }
    workgroupBarrier();
  }
}

// Stores vec4 `p` of an invocation's results.
fn finish(z: u32, m0: u32, n0: u32, p: u32, lane_m: u32, lane_n: u32, v: vec4f) {
  let row = m0 + (lane_m + p / 4 / THREAD_N * LANES_M) * 4 + p % 4;
  let columns = n0 + (lane_n + p / 4 % THREAD_N * LANES_N) * 4 + vec4u(0, 1, 2, 3);
  let place = y_place(z, columns);
  if (row < gemm_size().x) { store(z, row, columns, place, v); }
}

// The same for four in a row.
fn finish_four(z: u32, m0: u32, n0: u32, p: u32, lane_m: u32, lane_n: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  finish(z, m0, n0, p, lane_m, lane_n, a);
  finish(z, m0, n0, p + 1, lane_m, lane_n, b);
  finish(z, m0, n0, p + 2, lane_m, lane_n, c);
  finish(z, m0, n0, p + 3, lane_m, lane_n, d);
}

// Stores the sums of a: those of the invocations that loaded the same rows at other k join, by way of a's tile.
fn finish_sums(z: u32, m0: u32, local: u32, sums_a: SumsOfAPointer) {
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
    for (var j = 0u; j < 4; j++) { store_sum(z, m0 + quad * 4 + j, sum[j]); }
  }
}

@compute @workgroup_size(LANES_N, LANES_M)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let size = gemm_size();
  let tiles_m = (size.x + TILE_M - 1) / TILE_M;
  let tiles_n = (size.y + TILE_N - 1) / TILE_N;
  let flat = group.y * groups.x + group.x;
  let z = flat / (tiles_m * tiles_n);
  // A folded grid may be larger than needed. All invocations of a workgroup leave, or none.
  if (z >= size.z) { return; }
  let in_batch = flat - z * tiles_m * tiles_n;
  let band = in_batch / (BAND * tiles_n);
  let in_band = in_batch - band * BAND * tiles_n;
  let band_rows = min(BAND, tiles_m - band * BAND);
  let m0 = (band * BAND + in_band % band_rows) * TILE_M;
  let n0 = (in_band / band_rows) * TILE_N;

  let span = local / (SPAN_M * SPAN_N);
  let lane_n = local % SPAN_N + span % SPANS_N * SPAN_N;
  let lane_m = local / SPAN_N % SPAN_M + span / SPANS_N * SPAN_M;
  let sum = gemm_sum(z);
  var total: Totals;
  var sums_a: SumsOfA;
  if (ONE_PART) {
    add_part(z, m0, n0, 0, sum.y, local, lane_m, lane_n, &total, &sums_a);
  } else {
    for (var part = 0u; part < sum.x; part++) {
      add_part(z, m0, n0, part, sum.y, local, lane_m, lane_n, &total, &sums_a);
    }
  }
  if (SUM_A && n0 == 0) { finish_sums(z, m0, local, &sums_a); }

  if (ROLLED) {
    var results = total;
    for (var p = 0u; p < min(THREAD_VEC4S, THREAD_VEC4S * size.z); p++) {
      finish(z, m0, n0, p, lane_m, lane_n, results[p]);
    }
  } else {
    // Written out: an index that is not constant would move the totals from registers to memory, for the whole kernel.
    let t = total;
    const N = THREAD_VEC4S;
    finish_four(z, m0, n0, 0, lane_m, lane_n, t[0], t[1], t[2], t[3]);
    if (N > 4) { finish_four(z, m0, n0, 4, lane_m, lane_n, t[4 % N], t[5 % N], t[6 % N], t[7 % N]); }
    if (N > 8) { finish_four(z, m0, n0, 8, lane_m, lane_n, t[8 % N], t[9 % N], t[10 % N], t[11 % N]); }
    if (N > 12) { finish_four(z, m0, n0, 12, lane_m, lane_n, t[12 % N], t[13 % N], t[14 % N], t[15 % N]); }
  }
}
