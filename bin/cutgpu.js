#!/usr/bin/env node
// The command: in a clone the modules that build.mjs made, in an installed package the bundle of them.
import { existsSync } from "node:fs";

const modules = new URL("../dist/bin/main.js", import.meta.url);
await import(existsSync(modules) ? modules.href : "../dist/package/command/cutgpu.js");
