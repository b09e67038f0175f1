// WebGPU's flag values (https://www.w3.org/TR/webgpu/, the namespaces GPUBufferUsage, GPUTextureUsage, GPUShaderStage
// and GPUMapMode). Browsers have them as globals and dawn.node as members of an object; since the standard fixes the
// numbers, they are repeated here and the engine needs no globals. Each is a constant of its own, for bundlers to put
// into its place.

export const BUFFER_MAP_READ = 0x0001;
export const BUFFER_COPY_SRC = 0x0004;
export const BUFFER_COPY_DST = 0x0008;
export const BUFFER_UNIFORM = 0x0040;
export const BUFFER_STORAGE = 0x0080;
export const BUFFER_QUERY_RESOLVE = 0x0200;

export const TEXTURE_COPY_SRC = 0x01;
export const TEXTURE_COPY_DST = 0x02;
export const TEXTURE_BINDING = 0x04;
export const TEXTURE_RENDER_ATTACHMENT = 0x10;

export const STAGE_FRAGMENT = 0x2;
export const STAGE_COMPUTE = 0x4;

export const MAP_READ = 0x0001;
