// Maps as memories of what was made before.

/** The value of a key; where there is none, `make`'s, which is stored. As Map.prototype.getOrInsertComputed will be. */
export function getOrInsert<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
