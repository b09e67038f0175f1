// The engine's public API in Node: the same, except that openGpu uses dawn.node if it is given no device.

/** @module cutgpu */

export * from "./index.js";
export { fasterChoice, type NodeOpenOptions, openGpu, requestAdapter } from "./open/node.js";
