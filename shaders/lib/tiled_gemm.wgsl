// The matrix product in tiles of workgroup memory that all kernels for GPUs share:
//   y[z, m, n] = sum over parts and k of a[z, m, part, k] * b[z, part, k, n]
// A workgroup computes TILE_M x TILE_N results, THREAD_M * THREAD_N * 16 for every invocation, over slices of TILE_K
// terms, which it stages in workgroup memory. While a slice is multiplied, invocations load their elements of the next.
// A multiprocessor issues one instruction at a time, so all that is no multiplication is kept out of the loop over
// slices: where an element lies is found once per part, and from slice to slice only a uniform distance is added.
// lib/tiled_fma.wgsl multiplies a slice by multiply-adds, lib/tiled_matrix.wgsl on matrix units; one of them is
// included behind this: it has the tiles in lines of k, LINE_A and LINE_B quads apart. engine/operators/lib/tiles.ts
// chooses the sizes. The file that includes this defines:
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
// Tiles are walked in bands of this many rows of tiles, column by column, so that tiles at work together share operands
// in the cache.
const BAND: u32 = 8;

alias TotalsPointer = ptr<function, Totals>;
// The sums of the quads of a that an invocation loads.
alias SumsOfA = array<vec4f, LOADS_A>;
alias SumsOfAPointer = ptr<function, SumsOfA>;

// Adds one part of the sum to the totals. `tile` is a batch, the first row and the first column.
fn add_part(tile: vec3u, part: u32, terms: u32, local: u32, lane: vec2u, total: TotalsPointer, sums_a: SumsOfAPointer) {
  // Where the quads that this invocation loads are, and where it stages them.
  var places_a: array<PlaceA, LOADS_A>;
  var slots_a: array<u32, LOADS_A>;
  for (var j = 0u; j < LOADS_A; j++) {
    let e = local + j * LANES;
    let k = select(local / QUADS_M + j * (LANES / QUADS_M), e % TILE_K, a_along_k());
    let quad = select(local % QUADS_M, e / TILE_K, a_along_k());
    places_a[j] = a_place(tile.x, tile.y + quad * 4, k, part);
    slots_a[j] = k * LINE_A + quad;
  }
  var places_b: array<PlaceB, LOADS_B>;
  var slots_b: array<u32, LOADS_B>;
  for (var j = 0u; j < LOADS_B; j++) {
    let e = local + j * LANES;
    let k = select(local / QUADS_N + j * (LANES / QUADS_N), e % TILE_K, b_along_k());
    let quad = select(local % QUADS_N, e / TILE_K, b_along_k());
    places_b[j] = b_place(tile.x, tile.z + quad * 4, k, part);
    slots_b[j] = k * LINE_B + quad;
  }

  let slices = (terms + TILE_K - 1) / TILE_K;
  var next_a: array<Staged, LOADS_A>;
  var next_b: array<Staged, LOADS_B>;
  for (var slice = 0u; slice <= slices; slice++) {
    if (slice < slices) {
      // Slots from the line of this k on are beyond the last term.
      let end = terms - slice * TILE_K;
      for (var j = 0u; j < LOADS_A; j++) {
        if ((j + 1) * LANES <= SLICE_A || local + j * LANES < SLICE_A) {
          next_a[j] = Staged(a_quad(places_a[j], slice, slots_a[j] < end * LINE_A));
        }
      }
      for (var j = 0u; j < LOADS_B; j++) {
        if ((j + 1) * LANES <= SLICE_B || local + j * LANES < SLICE_B) {
          next_b[j] = Staged(b_quad(places_b[j], slice, slots_b[j] < end * LINE_B));
        }
      }
    }
    if (slice > 0) { add_slice(terms, lane, total); }
    workgroupBarrier();
    if (slice < slices) {
      for (var j = 0u; j < LOADS_A; j++) {
        if ((j + 1) * LANES <= SLICE_A || local + j * LANES < SLICE_A) {
          tile_a[slots_a[j]] = next_a[j];
          if (SUM_A) { (*sums_a)[j] += vec4f(next_a[j]); }
        }
      }
      for (var j = 0u; j < LOADS_B; j++) {
        if ((j + 1) * LANES <= SLICE_B || local + j * LANES < SLICE_B) { tile_b[slots_b[j]] = next_b[j]; }
      }
    }
    workgroupBarrier();
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let size = gemm_size();
  let tiles_m = (size.x + TILE_M - 1) / TILE_M;
  let tiles_n = (size.y + TILE_N - 1) / TILE_N;
  let flat = group.y * groups.x + group.x;
  let z = flat / (tiles_m * tiles_n);
  // A folded grid may be larger than needed. All invocations of a workgroup leave, or none.
  if (z >= size.z) { return; }
  let in_batch = flat % (tiles_m * tiles_n);
  let band = in_batch / (BAND * tiles_n);
  let in_band = in_batch % (BAND * tiles_n);
  let band_rows = min(BAND, tiles_m - band * BAND);
  let tile = vec3u(z, (band * BAND + in_band % band_rows) * TILE_M, in_band / band_rows * TILE_N);

  let lane = place_in_tile(local);
  let sum = gemm_sum(z);
  var total: Totals;
  var sums_a: SumsOfA;
  if (ONE_PART) {
    add_part(tile, 0, sum.y, local, lane, &total, &sums_a);
  } else {
    for (var part = 0u; part < sum.x; part++) {
      add_part(tile, part, sum.y, local, lane, &total, &sums_a);
    }
  }
  if (SUM_A && tile.z == 0) { finish_sums(tile, local, &sums_a); }
  finish_tile(tile, local, lane, &total);
}
