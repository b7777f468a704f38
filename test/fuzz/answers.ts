import { bigNumbersAsStrings, CofferError, isCofferError, parseJson } from '@coffer/core'
import type { Target } from './check.ts'
import { type Shape, toText } from './input.ts'
import * as shape from './shapes.ts'

/** Changes one answer on its way, or leaves it. */
export type Bend = (answer: string) => string

/**
 * What a source or a chain makes of a server's answers. `play` asks all that there is to ask of an honest one, with each answer
 * sent through `bend`; of an input the first line says which of them it takes the place of.
 */
export function answersTarget(name: string, runs: number, play: (bend: Bend) => Promise<void>): Target<void> {
  return {
    name,
    threat: 'G9',
    runs,
    corpus: async () => {
      const answers: string[] = []
      await play((answer) => {
        answers.push(answer)
        return answer
      })
      return answers.map((answer, i) => `${i}\n${answer}`)
    },
    shapes: [below(shape.json(shape.hex())), below(shape.tokens), below(shape.hex())],
    decode: async (input: string) => {
      const [, place = '0', text = input] = /^([0-9]{1,4})\n([\s\S]*)$/.exec(input) ?? []
      let next = 0
      await play((answer) => (next++ === Number(place) ? text : answer))
    },
  }
}

/** For a place where values come instead of texts: each is read as strictly as sources read. */
export function bendValue<T>(value: T, bend: Bend): T {
  const text = JSON.stringify({ value })
  const bent = bend(text)
  if (bent === text) return value
  try {
    return (parseJson(bent, { bigNumbers: bigNumbersAsStrings }) as { value: T }).value
  } catch {
    throw new CofferError({ code: 'BAD_RESPONSE', message: 'This answer is no JSON.' })
  }
}

/** The same for answers of a fixed form, which a source has checked, with texts in it that it passes on. */
export function bendTexts<T>(value: T, bend: Bend): T {
  if (typeof value === 'string') return bend(value) as T
  if (Array.isArray(value)) return value.map((item) => bendTexts(item, bend)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bendTexts(item, bend)])) as T
}

/** Asks one thing after another, whatever becomes of each. */
export async function askAll(...asks: readonly (() => unknown)[]): Promise<void> {
  for (const ask of asks)
    try {
      await ask()
    } catch (error) {
      if (!isCofferError(error)) throw error
    }
}

/** The shape of what stands below the first line. */
function below(inner: Shape): Shape {
  return (input) => {
    const at = typeof input === 'string' ? input.indexOf('\n') : -1
    const tree = at < 0 ? undefined : inner(toText(input).slice(at + 1))
    return (
      tree && { items: [toText(input).slice(0, at), tree], write: (parts) => parts.map(toText).join('\n') }
    )
  }
}
