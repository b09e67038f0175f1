// What adam.wgsl is told of a step whose loss was scaled: to do nothing (a factor of 0) where a gradient overflowed,
// and else the rate and corrections of one more update, and the factor that undoes the scale.
// given: the learning rate, and what of the weights is kept; count: the updates that were not left out.
struct Params { slot: u32, log_beta1: f32, log_beta2: f32 }

@group(0) @binding(0) var<storage, read> flags: array<u32>;
@group(0) @binding(1) var<storage, read> state: array<f32>;
@group(0) @binding(2) var<storage, read> given: array<f32>;
@group(0) @binding(3) var<storage, read_write> count: array<f32>;
@group(0) @binding(4) var<storage, read_write> schedule: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

// 1 - exp(-x), of a small x by its series: the difference would cancel.
fn rest(x: f32) -> f32 {
  let series = x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))));
  return select(1 - exp(-x), series, x < 0.1);
}

@compute @workgroup_size(1)
fn main() {
  let scale = state[0];
  if (flags[params.slot] != 0 || scale == 0) {
    schedule[3] = 0;
    return;
  }
  let t = count[0] + 1;
  count[0] = t;
  schedule[0] = given[0] / rest(-t * params.log_beta1);
  schedule[1] = 1 / sqrt(rest(-t * params.log_beta2));
  schedule[2] = given[1];
  schedule[3] = 1 / scale;
}
