// Computes adam.wgsl's step scalars when a loss scaler is used: step_size, correction, weight_decay_factor and g_scale,
// which is 0 (skip the update) if a gradient overflowed, else 1 / the loss scale.
// inputs: the learning rate and weight_decay_factor; updates: the number of updates not skipped, which is incremented.
struct Params { optimizer: u32, log_beta1: f32, log_beta2: f32 }

@group(0) @binding(0) var<storage, read> found_inf: array<u32>;
@group(0) @binding(1) var<storage, read> state: array<f32>;
@group(0) @binding(2) var<storage, read> inputs: array<f32>;
@group(0) @binding(3) var<storage, read_write> updates: array<f32>;
@group(0) @binding(4) var<storage, read_write> scalars: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

// 1 - exp(-x) = -expm1(-x); for small x by its series, since the difference would cancel.
fn one_minus_exp(x: f32) -> f32 {
  let series = x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))));
  return select(1 - exp(-x), series, x < 0.1);
}

@compute @workgroup_size(1)
fn main() {
  let scale = state[0];
  if (found_inf[params.optimizer] != 0 || scale == 0) {
    scalars[3] = 0;
    return;
  }
  let t = updates[0] + 1;
  updates[0] = t;
  scalars[0] = inputs[0] / one_minus_exp(-t * params.log_beta1);
  scalars[1] = 1 / sqrt(one_minus_exp(-t * params.log_beta2));
  scalars[2] = inputs[1];
  scalars[3] = 1 / scale;
}
