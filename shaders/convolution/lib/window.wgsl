// A column of WINDOW elements of x that an invocation of the skinny kernels holds: PIXELS pixels under KH kernel rows.
const LANES: u32 = 64;
const PIXELS: u32 = 8;
const WINDOW: u32 = PIXELS + KH - 1;
alias Window = array<f32, WINDOW>;
// Eight neighbouring pixels of a column.
struct Pixels { near: vec4f, far: vec4f }

const REFLECT: bool = true; // @tunable whether the border is mirrored, or else zero

//#include convolution/lib/source.wgsl

// Where each row of a window begins in a plane of x, and whether it is inside.
struct Rows { at: array<u32, WINDOW>, inside: array<bool, WINDOW> }

fn rows_from(first: i32) -> Rows {
  var rows: Rows;
  for (var i = 0u; i < WINDOW; i++) {
    let s = source(first + i32(i), params.in_height, u32(REFLECT));
    rows.at[i] = s.x * params.in_width;
    rows.inside[i] = s.y == 1;
  }
  return rows;
}

// The window in plane `plane` of x. `column` is as source() returns it.
fn window(plane: u32, column: vec2u, rows: Rows) -> Window {
  let at = plane * params.in_height * params.in_width + column.x;
  var v: Window;
  for (var i = 0u; i < WINDOW; i++) {
    v[i] = select(0.0, x[at + rows.at[i]], REFLECT || (rows.inside[i] && column.y == 1));
  }
  return v;
}

// The pixels one row further down, of which `v` is the last one.
fn next(p: Pixels, v: f32) -> Pixels { return Pixels(vec4f(p.near.yzw, p.far.x), vec4f(p.far.yzw, v)); }
