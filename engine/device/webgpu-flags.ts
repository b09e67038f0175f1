// WebGPU's flag values (https://www.w3.org/TR/webgpu/, the namespaces GPUBufferUsage, GPUTextureUsage, GPUShaderStage
// and GPUMapMode). Browsers have them as globals and dawn.node as members of an object; since the standard fixes the
// numbers, they are repeated here and the engine needs no globals.

export const BufferUsage = {
  MAP_READ: 0x0001,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
  QUERY_RESOLVE: 0x0200,
} as const;

export const TextureUsage = {
  COPY_SRC: 0x01,
  COPY_DST: 0x02,
  TEXTURE_BINDING: 0x04,
  RENDER_ATTACHMENT: 0x10,
} as const;

export const ShaderStage = { FRAGMENT: 0x2, COMPUTE: 0x4 } as const;

export const MapMode = { READ: 0x0001 } as const;
