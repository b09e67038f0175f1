// Updates the loss scale after a step: halved if a gradient overflowed (0 if it already was at most min_scale), doubled
// after growth_interval consecutive steps without overflow. state: the scale and the growth tracker, which counts these
// steps. Clears found_inf of all optimizers.
struct Params { optimizers: u32, growth_interval: f32, min_scale: f32 }

@group(0) @binding(0) var<storage, read_write> found_inf: array<u32>;
@group(0) @binding(1) var<storage, read_write> state: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  var found = 0u;
  for (var i = 0u; i < params.optimizers; i++) {
    found |= found_inf[i];
    found_inf[i] = 0;
  }
  let growth_tracker = state[1] + 1;
  if (found == 1) {
    state[0] = select(state[0] / 2, 0.0, state[0] <= params.min_scale);
    state[1] = 0;
  } else if (growth_tracker >= params.growth_interval) {
    state[0] *= 2;
    state[1] = 0;
  } else {
    state[1] = growth_tracker;
  }
}
