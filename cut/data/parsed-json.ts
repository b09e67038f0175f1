// JSON that may be damaged, such as a line that a crash tore. Pure.

/** The value that a text holds; null where it is no JSON. */
export function parsedJson<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
