// The matrix product in tiles of workgroup memory that all kernels for GPUs share:
//   y[z, m, n] = sum over k of a[z, m, k] * b[z, k, n]
// A workgroup computes TILE_M x TILE_N results over slices of TILE_K of the sum, which it stages in workgroup memory.
// Every invocation keeps a thread tile of THREAD_QUADS * 4 rows x THREAD_QUADS * 4 columns in registers.
// engine/operators/lib/tiles.ts chooses the sizes.
// Rows and columns are grouped into quads of four, the unit of all loads from workgroup memory. The file that includes
// this defines:
//   STRIDED
//     if true the four of a quad lie a quarter of a tile apart, so that neighbouring invocations touch neighbouring
//     elements; if false they are neighbours, for access as vec4s
//   gemm_size() -> vec3u
//     m, n and the number of batches
//   gemm_terms(z) -> vec2u
//     the range of k that batch z sums
//   A_TRANSPOSED, B_TRANSPOSED
//     whether memory is read as vec4s along k, so that blocks of 4 x 4 must be transposed
//   a_along_k(), b_along_k()
//     whether neighbouring invocations load neighbouring k, or else neighbouring rows (columns)
//   a_place(z, rows), b_place(z, columns) -> PlaceA, PlaceB
//     what is known of a quad before the sum begins. Rows and columns may lie beyond the last: any other may be taken,
//     since the results are not stored
//   a_line(z, place, j, k, end), b_line(...) -> vec4f
//     the quad's elements at k (j is 0), or where transposed those of its row (column) j at k..k + 3; zeros from `end`
//     on
//   y_place(z, columns) -> vec4u, store(z, row, columns, place, v)
//     stores four results; columns may lie beyond the last
// Every hook is a row of lets and a return (or, for store, any statements): test/shaders/inline.ts relies on it.
const TILE_M: u32 = 64; // @tunable
const TILE_N: u32 = 64; // @tunable
const TILE_K: u32 = 16; // @tunable
const THREAD_QUADS: u32 = 1; // @tunable quads along each side of a thread tile: 1 or 2
// A GPU wants unrolled loops. Compilers of software adapters take long over them (lavapipe, where it does unroll: 2.3 s
// instead of 1.4 for 64 x 64, 4.4 instead of 1.5 for 128 x 128): there loops run to bounds that are no constants.
const ROLLED: bool = false; // @tunable

const QUADS_M: u32 = TILE_M / 4;
const QUADS_N: u32 = TILE_N / 4;
const QUADS_K: u32 = TILE_K / 4;
// Vec4s of results in a thread tile.
const THREAD_VEC4S: u32 = THREAD_QUADS * THREAD_QUADS * 4;
const LANES_M: u32 = QUADS_M / THREAD_QUADS;
const LANES_N: u32 = QUADS_N / THREAD_QUADS;
const LANES: u32 = LANES_M * LANES_N;
// Lines of k that a workgroup loads at once, one quad per invocation.
const LINES_A: u32 = LANES / QUADS_M;
const LINES_B: u32 = LANES / QUADS_N;
// 32 invocations that run together span 4 x 8 quads of results: they read few and neighbouring addresses.
const SPAN_M: u32 = min(LANES_M, 4u);
const SPAN_N: u32 = min(LANES_N, 8u);
const SPANS_N: u32 = LANES_N / SPAN_N;
// Tiles are walked in bands of this many rows of tiles, column by column, so that tiles at work together share operands
// in the cache.
const BAND: u32 = 8;

var<workgroup> tile_a: array<vec4f, TILE_K * QUADS_M>;
var<workgroup> tile_b: array<vec4f, TILE_K * QUADS_N>;

// Where quad q at k lies: an XOR swizzle against bank conflicts, whether neighbouring invocations store along q, along
// k or blocks of 4 k, and read along q.
fn at_a(k: u32, q: u32) -> u32 { return k * QUADS_M + ((q ^ k ^ (k >> 2)) & (QUADS_M - 1)); }
fn at_b(k: u32, q: u32) -> u32 { return k * QUADS_N + ((q ^ k ^ (k >> 2)) & (QUADS_N - 1)); }

fn quad_m(q: u32) -> vec4u { return select(q * 4 + vec4u(0, 1, 2, 3), q + QUADS_M * vec4u(0, 1, 2, 3), STRIDED); }
fn quad_n(q: u32) -> vec4u { return select(q * 4 + vec4u(0, 1, 2, 3), q + QUADS_N * vec4u(0, 1, 2, 3), STRIDED); }

// For hooks. Written out, because the interpreter of wgsl_reflect, which looks for races, divides vectors of integers
// into fractions.
fn divided(v: vec4u, by: u32) -> vec4u { return vec4u(v.x / by, v.y / by, v.z / by, v.w / by); }

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

  // What this invocation loads: quad `q` at `k` and at every LINES further, or a block of 4 k to transpose. Where both
  // operands are transposed, half of the invocations load one, half the other.
  let slot_b = select(local, (local + LANES / 2) % LANES, B_TRANSPOSED);
  var q_a = local % QUADS_M;
  var k_a = local / QUADS_M;
  if (a_along_k()) { q_a = local / LINES_A; k_a = local % LINES_A; }
  if (A_TRANSPOSED) { q_a = local / QUADS_K; k_a = local % QUADS_K * 4; }
  var q_b = local % QUADS_N;
  var k_b = local / QUADS_N;
  if (b_along_k()) { q_b = local / LINES_B; k_b = local % LINES_B; }
  if (B_TRANSPOSED) { q_b = slot_b / QUADS_K; k_b = slot_b % QUADS_K * 4; }
  let place_a = a_place(z, m0 + quad_m(q_a));
  let place_b = b_place(z, n0 + quad_n(q_b));

  let span = local / (SPAN_M * SPAN_N);
  let lane_n = local % SPAN_N + span % SPANS_N * SPAN_N;
  let lane_m = local / SPAN_N % SPAN_M + span / SPANS_N * SPAN_M;
  let terms = gemm_terms(z);
  var total: array<vec4f, THREAD_VEC4S>;
  for (var k0 = terms.x; k0 < terms.y; k0 += TILE_K) {
    let steps = select(TILE_K, min(TILE_K, terms.y - k0), ROLLED);
    if (!A_TRANSPOSED) {
      for (var k = 0u; k < steps; k += LINES_A) {
        tile_a[at_a(k_a + k, q_a)] = a_line(z, place_a, 0, k0 + k_a + k, terms.y);
      }
    } else if (local < QUADS_M * QUADS_K) {
      let r0 = a_line(z, place_a, 0, k0 + k_a, terms.y);
      let r1 = a_line(z, place_a, 1, k0 + k_a, terms.y);
      let r2 = a_line(z, place_a, 2, k0 + k_a, terms.y);
      let r3 = a_line(z, place_a, 3, k0 + k_a, terms.y);
      tile_a[at_a(k_a, q_a)] = vec4f(r0.x, r1.x, r2.x, r3.x);
      tile_a[at_a(k_a + 1, q_a)] = vec4f(r0.y, r1.y, r2.y, r3.y);
      tile_a[at_a(k_a + 2, q_a)] = vec4f(r0.z, r1.z, r2.z, r3.z);
      tile_a[at_a(k_a + 3, q_a)] = vec4f(r0.w, r1.w, r2.w, r3.w);
    }
    if (!B_TRANSPOSED) {
      for (var k = 0u; k < steps; k += LINES_B) {
        tile_b[at_b(k_b + k, q_b)] = b_line(z, place_b, 0, k0 + k_b + k, terms.y);
      }
    } else if (slot_b < QUADS_N * QUADS_K) {
      let r0 = b_line(z, place_b, 0, k0 + k_b, terms.y);
      let r1 = b_line(z, place_b, 1, k0 + k_b, terms.y);
      let r2 = b_line(z, place_b, 2, k0 + k_b, terms.y);
      let r3 = b_line(z, place_b, 3, k0 + k_b, terms.y);
      tile_b[at_b(k_b, q_b)] = vec4f(r0.x, r1.x, r2.x, r3.x);
      tile_b[at_b(k_b + 1, q_b)] = vec4f(r0.y, r1.y, r2.y, r3.y);
      tile_b[at_b(k_b + 2, q_b)] = vec4f(r0.z, r1.z, r2.z, r3.z);
      tile_b[at_b(k_b + 3, q_b)] = vec4f(r0.w, r1.w, r2.w, r3.w);
    }
    workgroupBarrier();
    // A slice is summed by itself before it joins the total: short chains of additions round less.
    for (var i = 0u; i < THREAD_QUADS; i++) {
      var part = array<vec4f, THREAD_QUADS * 4>();
      for (var k = 0u; k < steps; k++) {
        let av = tile_a[at_a(k, lane_m + i * LANES_M)];
        for (var j = 0u; j < THREAD_QUADS; j++) {
          let bv = tile_b[at_b(k, lane_n + j * LANES_N)];
          part[j * 4] += av.x * bv;
          part[j * 4 + 1] += av.y * bv;
          part[j * 4 + 2] += av.z * bv;
          part[j * 4 + 3] += av.w * bv;
        }
      }
      for (var p = 0u; p < THREAD_QUADS * 4; p++) { total[i * THREAD_QUADS * 4 + p] += part[p]; }
    }
    workgroupBarrier();
  }

  // One store in a loop, for all results.
  var results = total;
  let rows = select(THREAD_VEC4S, min(THREAD_VEC4S, THREAD_VEC4S * size.z), ROLLED);
  for (var p = 0u; p < rows; p++) {
    let i = p / (THREAD_QUADS * 4);
    let j = p / 4 % THREAD_QUADS;
    let row = m0 + quad_m(lane_m + i * LANES_M)[p % 4];
    let columns = n0 + quad_n(lane_n + j * LANES_N);
    if (row < size.x) { store(z, row, columns, y_place(z, columns), results[p]); }
  }
}
