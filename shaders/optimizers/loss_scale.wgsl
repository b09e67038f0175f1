// The loss scale after a step: halved where a gradient overflowed (0 where it was the smallest), doubled after so many
// steps without. state: the scale, and the steps since it changed. The flags of all optimizers are taken back.
struct Params { slots: u32, interval: f32, smallest: f32 }

@group(0) @binding(0) var<storage, read_write> flags: array<u32>;
@group(0) @binding(1) var<storage, read_write> state: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  var found = 0u;
  for (var slot = 0u; slot < params.slots; slot++) {
    found |= flags[slot];
    flags[slot] = 0;
  }
  let clean = state[1] + 1;
  if (found == 1) {
    state[0] = select(state[0] / 2, 0.0, state[0] <= params.smallest);
    state[1] = 0;
  } else if (clean >= params.interval) {
    state[0] *= 2;
    state[1] = 0;
  } else {
    state[1] = clean;
  }
}
