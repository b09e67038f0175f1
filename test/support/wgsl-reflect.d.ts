// The package's own entry does not load as an ES module; the file that does has no types beside it.
declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export * from "wgsl_reflect";
}
