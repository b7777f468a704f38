/** Plain data with its bigints as decimal strings, so that `JSON.stringify` takes it. */
export function jsonable(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(jsonable)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, jsonable(inner)]))
  return value
}
