// What an adapter is called in files: benchmark rows and tuning tables are kept under this name and compared by it.

/** The adapter's name: device (or vendor and architecture), then what the driver says of itself. */
export function adapterName({ info }: { info: GPUAdapterInfo }): string {
  const { vendor, architecture, device, description } = info;
  const clean = (text: string) => text.replace(/^[\s-]+|[\s-]+$/g, "");
  return [device || [vendor, architecture].filter(Boolean).join(" "), description]
    .map(clean)
    .filter(Boolean)
    .join(", ");
}
