// The gradient's g at a normalised value: dy times the derivative of the activation there.
const SLOPED: bool = false; // @tunable whether there is an activation, which multiplies negative values by `slope`

fn through_activation(dy: f32, normal: f32) -> f32 {
  return select(dy, select(params.slope * dy, dy, normal > 0.0), SLOPED);
}
