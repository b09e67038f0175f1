// The engine's public face under Node: the same, and openGpu brings dawn.node along where it is given no device.

/** @module cutgpu */

export { fasterChoice, type NodeOpenOptions, openGpu, requestAdapter } from "./device/node.js";
export * from "./index.js";
