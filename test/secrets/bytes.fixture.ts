export interface Found {
  readonly name: string
  /** Where the array was made: a stack. */
  readonly place: string
  toString(): string
}

/** Every byte array that JavaScript made while it was watched, whoever made it: ours, noble's, scure's. */
export interface Watch {
  readonly arrays: readonly Uint8Array[]
  /** Those of `needles` that an array still holds, with the place that made it. */
  find(needles: readonly (readonly [name: string, bytes: Uint8Array])[]): readonly Found[]
  stop(): void
}

/**
 * Watches every `new Uint8Array`, `from`, `of`, `slice`, `map` and `TextEncoder.encode`, and keeps what they give: so an array
 * that was forgotten without being wiped is found, whether or not anybody could still reach it. What the platform computes
 * inside (WebCrypto) is not seen, but what it hands out is.
 */
export function watchBytes(): Watch {
  const Real = globalThis.Uint8Array
  const { encode } = TextEncoder.prototype
  const arrays: Uint8Array[] = []
  const places: string[] = []
  const keep = <T extends Uint8Array>(made: T): T => {
    arrays.push(made)
    places.push(new Error('made here').stack ?? '')
    return made
  }
  const Watched: Uint8ArrayConstructor = new Proxy(Real, {
    construct: (target, args, asked) => keep(Reflect.construct(target, args, asked) as Uint8Array),
  })
  // `slice`, `map` and the like ask their array which constructor to use.
  const setConstructor = (value: Uint8ArrayConstructor): void =>
    void Object.defineProperty(Real.prototype, 'constructor', { value, configurable: true, writable: true })
  globalThis.Uint8Array = Watched
  setConstructor(Watched)
  TextEncoder.prototype.encode = function (text) {
    return keep(encode.call(this, text))
  }
  return {
    arrays,
    find: (needles) => {
      const seen = new Set<ArrayBufferLike>()
      const wanted = needles.map(([name, bytes]) => [name, Buffer.from(bytes)] as const)
      return arrays.flatMap(({ buffer }, i) => {
        // WebAssembly takes arrays away when its memory grows.
        if (seen.has(buffer) || buffer.byteLength === 0) return []
        seen.add(buffer)
        const whole = Buffer.from(buffer)
        const place = (places[i] ?? '').split('\n').slice(2).join('\n')
        return wanted
          .filter(([, bytes]) => whole.includes(bytes))
          .map(([name]) => ({ name, place, toString: () => `${name}\n${place}` }))
      })
    },
    stop: () => {
      globalThis.Uint8Array = Real
      setConstructor(Real)
      TextEncoder.prototype.encode = encode
    },
  }
}
