// The input of blur_down and blur_up: x, after the instance norm and activation that are fused into the loads.
const NORMALISED: bool = false; // @tunable whether x is normalised by its statistics
const LEAKY: bool = false; // @tunable whether a leaky ReLU with `slope` (ReLU if 0) follows

// [planes, 2] = mean, rstd
@group(0) @binding(2) var<storage, read> statistics: array<f32>;

fn source(plane: u32, v: vec4f) -> vec4f {
  let u = select(v, (v - statistics[2 * plane]) * statistics[2 * plane + 1], NORMALISED);
  return select(u, select(params.slope * u, u, u > vec4f()), LEAKY);
}
