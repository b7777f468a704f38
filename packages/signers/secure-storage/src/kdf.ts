import { CofferError, randomBytes, sleep } from '@coffer/core'
import { type Argon2Options, argon2id } from './argon2.ts'
import { fromBase64, toBase64, utf8 } from './bytes.ts'

/** What it costs to try one password. */
export interface KdfCost {
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly lanes: number
}

/** How a password becomes a key, as the vault keeps it. */
export interface Kdf extends KdfCost {
  readonly name: 'argon2id'
  /** 16 bytes, base64url. */
  readonly salt: string
}

/** 64 MiB three times: 0.2 to 1 second on a machine of today. */
export const DEFAULT_COST: KdfCost = { memory: 65_536, passes: 3, lanes: 1 }

/** Below this a thief tries passwords by the thousand; the least that OWASP allows. */
const FLOOR: KdfCost = { memory: 19_456, passes: 2, lanes: 1 }
/** Above this a file stops the device that opens it. */
const CEILING: KdfCost = { memory: 262_144, passes: 10, lanes: 4 }

const SALT = 16

/** A new salt at a cost; throws `INVALID_REQUEST` for a cost that {@link readKdf} would refuse. */
export function newKdf(cost: KdfCost): Kdf {
  const { memory, passes, lanes } = cost
  if (!isWithin(cost))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `The cost of a password lies between ${FLOOR.memory} KiB in ${FLOOR.passes} passes and ${CEILING.memory} KiB in ${CEILING.passes}, with 1 to ${CEILING.lanes} lanes.`,
    })
  return { name: 'argon2id', memory, passes, lanes, salt: toBase64(randomBytes(SALT)) }
}

/** True for parameters between the floor and the ceiling; a vault with others is not opened. */
export function isKdf(value: unknown): value is Kdf {
  const { name, memory, passes, lanes, salt, ...rest } = value as Record<string, unknown>
  return (
    name === 'argon2id' &&
    Object.keys(rest).length === 0 &&
    isWithin({ memory, passes, lanes } as KdfCost) &&
    typeof salt === 'string' &&
    fromBase64(salt).length === SALT
  )
}

/** True when a vault should be written again at `cost`, which is harder to try than what it has. */
export function isWeaker(kdf: Kdf, cost: KdfCost): boolean {
  return kdf.memory * kdf.passes < cost.memory * cost.passes
}

/**
 * A password or PIN as 32 bytes, slow on purpose. Of a password every Unicode writing is the same (NFKC), so that it opens
 * what another keyboard typed.
 */
export async function stretch(password: string, kdf: Kdf, options: Argon2Options): Promise<Uint8Array> {
  if (typeof password !== 'string')
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'A password or PIN is a text.' })
  // None is empty, so that what opens no vault may stand for it: some implementations take no empty one.
  const bytes = utf8(password.normalize('NFKC') || '\0')
  const { memory, passes, lanes } = kdf
  try {
    const material = await argon2id(
      { password: bytes, salt: fromBase64(kdf.salt), memory, passes, lanes },
      options,
    )
    // What follows on this thread is work enough for one task of a page.
    await sleep(0)
    return material
  } finally {
    bytes.fill(0)
  }
}

function isWithin({ memory, passes, lanes }: KdfCost): boolean {
  const between = (value: number, low: number, high: number): boolean =>
    Number.isInteger(value) && value >= low && value <= high
  return (
    between(memory, FLOOR.memory, CEILING.memory) &&
    between(passes, FLOOR.passes, CEILING.passes) &&
    between(lanes, FLOOR.lanes, CEILING.lanes)
  )
}
