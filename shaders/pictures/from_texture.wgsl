// planes[c, y, x] = 2 v - 1 of a texture whose texels v are in [0, 1], blended with white by alpha, as picture files
// are. One texel per invocation. Kernels bind no textures, so engine/operators/pictures/input.ts binds this.
@group(0) @binding(0) var image: texture_2d<f32>;
@group(0) @binding(1) var<storage, read_write> planes: array<f32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let size = textureDimensions(image);
  if (id.x >= size.x || id.y >= size.y) { return; }
  let texel = textureLoad(image, id.xy, 0);
  let color = texel.rgb * texel.a + (1.0 - texel.a);
  let area = size.x * size.y;
  let at = id.y * size.x + id.x;
  planes[at] = 2.0 * color.r - 1.0;
  planes[at + area] = 2.0 * color.g - 1.0;
  planes[at + 2 * area] = 2.0 * color.b - 1.0;
}
