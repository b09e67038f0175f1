// How image kernels access y where its rows may have any length. store_y() stores at most the first `count` elements
// of a vec4.
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

fn load_y(at: u32) -> vec4f { return vec4f(y[at], y[at + 1], y[at + 2], y[at + 3]); }

fn store_y(at: u32, count: u32, v: vec4f) {
  var rest = v;
  for (var i = 0u; i < min(count, 4); i++) {
    y[at + i] = rest.x;
    rest = rest.yzwx;
  }
}
