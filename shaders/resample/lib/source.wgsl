// What blur_down and blur_up filter: x, or what instance norm or an activation makes of it.
const NORMALISED: bool = false; // @tunable x is brought to mean 0 and variance 1 by its statistics
const SLOPED: bool = false; // @tunable values below 0 are then multiplied by `slope`

// [planes, 2] = mean, 1 / deviation
@group(0) @binding(2) var<storage, read> statistics: array<f32>;

fn source(plane: u32, v: vec4f) -> vec4f {
  let u = select(v, (v - statistics[2 * plane]) * statistics[2 * plane + 1], NORMALISED);
  return select(u, select(params.slope * u, u, u > vec4f()), SLOPED);
}
