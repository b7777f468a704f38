/** Makes an entry the newest; returns the oldest one when it had to go. */
export function keep<K, V>(map: Map<K, V>, key: K, value: V, most: number): V | undefined {
  map.delete(key)
  map.set(key, value)
  if (map.size <= most) return undefined
  for (const [oldest, gone] of map) {
    map.delete(oldest)
    return gone
  }
  return undefined
}
