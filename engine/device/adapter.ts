// What an adapter is called: in files, where benchmark rows and tuning tables are kept under its name and compared by it, and
// to people.

/** The adapter's name in files: device (or vendor and architecture), then what the driver says of itself. */
export function adapterName({ info }: { info: GPUAdapterInfo }): string {
  const { vendor, architecture, device, description } = info;
  const clean = (text: string) => text.replace(/^[\s-]+|[\s-]+$/g, "");
  return [device || [vendor, architecture].filter(Boolean).join(" "), description]
    .map(clean)
    .filter(Boolean)
    .join(", ");
}

/** The adapter in a line for people: vendor, then what the driver says of itself, or else device or architecture. */
export function adapterLabel({ info }: { info: GPUAdapterInfo }): string {
  return [info.vendor, info.description || info.device || info.architecture].filter(Boolean).join(" ");
}
