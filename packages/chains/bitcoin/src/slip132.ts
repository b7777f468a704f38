import { CofferError } from '@coffer/core'
import { decodeBase58check, encodeBase58check } from './base58check.ts'
import type { ScriptType } from './script-type.ts'

/** How an extended key begins. Those beside x and t tell what kind of addresses its account has. */
export type Dialect = 'xpub' | 'ypub' | 'zpub' | 'Ypub' | 'Zpub' | 'tpub' | 'upub' | 'vpub' | 'Upub' | 'Vpub'

interface Row {
  readonly name: Dialect
  readonly testnet: boolean
  readonly type?: ScriptType
  /** Version bytes of the public and of the private form. */
  readonly public: number
  readonly private: number
}

/** @see https://github.com/satoshilabs/slips/blob/master/slip-0132.md */
const ROWS: readonly Row[] = [
  { name: 'xpub', testnet: false, public: 0x0488b21e, private: 0x0488ade4 },
  { name: 'ypub', testnet: false, type: 'p2sh-p2wpkh', public: 0x049d7cb2, private: 0x049d7878 },
  { name: 'zpub', testnet: false, type: 'p2wpkh', public: 0x04b24746, private: 0x04b2430c },
  { name: 'Ypub', testnet: false, type: 'p2sh-p2wsh-sortedmulti', public: 0x0295b43f, private: 0x0295b005 },
  { name: 'Zpub', testnet: false, type: 'p2wsh-sortedmulti', public: 0x02aa7ed3, private: 0x02aa7a99 },
  { name: 'tpub', testnet: true, public: 0x043587cf, private: 0x04358394 },
  { name: 'upub', testnet: true, type: 'p2sh-p2wpkh', public: 0x044a5262, private: 0x044a4e28 },
  { name: 'vpub', testnet: true, type: 'p2wpkh', public: 0x045f1cf6, private: 0x045f18bc },
  { name: 'Upub', testnet: true, type: 'p2sh-p2wsh-sortedmulti', public: 0x024289ef, private: 0x024285b5 },
  { name: 'Vpub', testnet: true, type: 'p2wsh-sortedmulti', public: 0x02575483, private: 0x02575048 },
]

export interface ExtendedKeyText {
  readonly dialect: Dialect
  readonly testnet: boolean
  /** What kind of account the dialect stands for; absent for x and t, which leave it open. */
  readonly type?: ScriptType
}

/**
 * Reads an extended public key of any dialect and writes it as `xpub` or `tpub`. Throws `INVALID_KEY`, also
 * for private keys.
 *
 * @example
 * normaliseXpub('zpub6rFR7y4Q2Aij…') // { xpub: 'xpub6CatWdiZiodm…', dialect: 'zpub', type: 'p2wpkh', testnet: false }
 * @see https://github.com/satoshilabs/slips/blob/master/slip-0132.md
 */
export function normaliseXpub(text: string): ExtendedKeyText & { readonly xpub: string } {
  const { row, ...rest } = rewrite(text, 'public')
  return { xpub: rest.text, ...about(row) }
}

/**
 * Reads an extended private key of any dialect and writes it as `xprv` or `tprv`, for `xprvSigner`. The
 * result is as secret as the key. Throws `INVALID_KEY`, which never repeats the text.
 *
 * @example
 * const { xprv, testnet } = normaliseXprv(zprv)
 * const signer = xprvSigner({ xprv, testnet })
 */
export function normaliseXprv(text: string): ExtendedKeyText & { readonly xprv: string } {
  const { row, ...rest } = rewrite(text, 'private')
  return { xprv: rest.text, ...about(row) }
}

/**
 * Writes an extended public key in the dialect of its network that stands for `type`, for programs that know
 * no descriptors. Accounts of the types `p2pkh` and `p2tr` have none of their own: they stay `xpub` or
 * `tpub`. Throws `INVALID_KEY`.
 *
 * @example
 * formatXpub('xpub6CatWdiZiodm…', 'p2wpkh') // 'zpub6rFR7y4Q2Aij…'
 */
export function formatXpub(xpub: string, type: ScriptType): string {
  return rewrite(xpub, 'public', type).text
}

function about({ name, testnet, type }: Row): ExtendedKeyText {
  return { dialect: name, testnet, ...(type ? { type } : {}) }
}

/** The same key with the version bytes of `type`, or of none. */
function rewrite(
  text: string,
  side: 'public' | 'private',
  type?: ScriptType,
): { readonly row: Row; readonly text: string } {
  let data: Uint8Array
  try {
    if (typeof text !== 'string' || text.length > 120) throw new Error('too long')
    data = decodeBase58check(text)
  } catch {
    // Without the cause: it may repeat a part of the key.
    throw wrong('A length, letter or checksum is wrong. Check that it was copied whole.')
  }
  try {
    if (data.length !== 78) throw wrong('Its length is wrong. Check that it was copied whole.')
    const view = new DataView(data.buffer, data.byteOffset)
    const version = view.getUint32(0)
    const row = ROWS.find((row) => row[side] === version)
    if (!row) {
      if (ROWS.some((row) => row.private === version)) throw wrong('It is private; give the public one.')
      if (ROWS.some((row) => row.public === version)) throw wrong('It is public; give the private one.')
      throw wrong('It is of no network that is known here.')
    }
    const { testnet } = row
    const target =
      ROWS.find((other) => other.testnet === testnet && type !== undefined && other.type === type) ??
      (ROWS.find((other) => other.testnet === testnet && other.type === undefined) as Row)
    view.setUint32(0, target[side])
    return { row, text: encodeBase58check(data) }
  } finally {
    data.fill(0)
  }
}

function wrong(reason: string): CofferError {
  return new CofferError({ code: 'INVALID_KEY', message: `This extended key cannot be used. ${reason}` })
}
