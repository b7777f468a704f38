import { CofferError } from '@coffer/core'
import type { AppChain } from './family.ts'

/** How soon a payment should be mined; the same three words on every chain. */
export type Speed = 'slow' | 'normal' | 'fast'

export function isSpeed(text: string): text is Speed {
  return text === 'slow' || text === 'normal' || text === 'fast'
}

/** Throws `INVALID_REQUEST` for options that a chain or an action has no use for: what is passed over in silence is missed too late. */
export function refuseOptions({ name }: Pick<AppChain, 'name'>, options: object): void {
  const [option] = Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [key]))
  if (option === undefined) return
  const written = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw invalid(`--${written} is nothing for ${name}. Leave it out.`)
}

export function contradicts(what: string): CofferError {
  return invalid(
    `--${what} says something else than the payment link. Leave it out, or ask for another link.`,
  )
}

export function unknownAsset(chain: AppChain, text: string, otherwise: string): CofferError {
  const listed = [chain.coin, ...chain.assets].map(({ symbol }) => symbol).join(', ')
  return new CofferError({
    code: 'UNKNOWN_ASSET',
    message: `${chain.name} has no asset ${JSON.stringify(text.slice(0, 60))} here. It has ${listed}; ${otherwise}.`,
  })
}

export function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
