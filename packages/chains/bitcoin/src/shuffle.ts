import { CofferError } from '@coffer/core'

/** A whole number from 0 up to, and without, `below`: each one as likely as any other. */
export type Random = (below: number) => number

const WORDS = 256
const SPAN = 2 ** 32

/**
 * A source of fair whole numbers from the platform's secure generator. Throws `NO_RANDOMNESS` where there is none, and
 * `WEAK_RANDOMNESS` when it is plainly broken.
 *
 * @example
 * const random = secureRandom()
 * random(6) // 0 … 5
 */
export function secureRandom(): Random {
  const words = new Uint32Array(WORDS)
  let used = WORDS
  return (below) => {
    if (!Number.isSafeInteger(below) || below < 1 || below > SPAN)
      throw new CofferError({ code: 'INTERNAL', message: `Cannot draw a number below ${below}.` })
    // What lies above the highest multiple of `below` would make small numbers more likely than large ones.
    const fair = SPAN - (SPAN % below)
    for (;;) {
      if (used === WORDS) {
        fill(words)
        used = 0
      }
      const word = words[used++] as number
      if (word < fair) return word % below
    }
  }
}

/**
 * A new array of the same items in an order that tells nothing (Fisher–Yates). Inputs and outputs of a transaction are put
 * in such an order: sorting them (BIP-69) would say which software made it, and change in a fixed place is known as change.
 *
 * @example
 * shuffle([payment, change]) // either comes first as often as the other
 */
export function shuffle<T>(items: readonly T[], random: Random = secureRandom()): T[] {
  const list = [...items]
  for (let i = list.length - 1; i > 0; i--) {
    const j = random(i + 1)
    const item = list[i] as T
    list[i] = list[j] as T
    list[j] = item
  }
  return list
}

function fill(words: Uint32Array<ArrayBuffer>): void {
  words.fill(0)
  try {
    globalThis.crypto.getRandomValues(words)
  } catch (cause) {
    throw new CofferError({
      code: 'NO_RANDOMNESS',
      message:
        'This platform has no crypto.getRandomValues. Install one (react-native-get-random-values in React Native).',
      cause,
    })
  }
  if (words.every((word) => word === words[0]))
    throw new CofferError({
      code: 'WEAK_RANDOMNESS',
      message: 'The crypto.getRandomValues of this platform repeats itself. Make no payments here.',
    })
}
