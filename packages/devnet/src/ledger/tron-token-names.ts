import { StatusWord } from './apdu.ts'
import type { TokenName } from './tron-contracts.ts'
import { decode } from './tron-protobuf.ts'

const NAME = { most: 31 } as const
const SIGNATURE = { most: 72 } as const

/** The name and decimals of a TRC-10 token, as Ledger signs them; the signature is not verified here. */
export function readTokenName(data: Uint8Array): TokenName {
  const message = decode(data, { 1: NAME, 2: 'number', 3: SIGNATURE })
  if (!message.bytes(3)?.length) throw new StatusWord(0x6a80)
  return { name: message.text(1), decimals: Number(message.number(2) & 0xffn) }
}

/** The two tokens of an exchange as Ledger signs them, the one that a contract names first. */
export function readExchange(data: Uint8Array, exchangeId: bigint, first: string): TokenName[] {
  const id = { most: 7 } as const
  const message = decode(data, {
    1: 'number',
    2: id,
    3: NAME,
    4: 'number',
    5: id,
    6: NAME,
    7: 'number',
    8: SIGNATURE,
  })
  if (message.number(1) !== exchangeId || !message.bytes(8)?.length) throw new StatusWord(0x6a80)
  const token = (tag: number): TokenName & { id: string } => ({
    id: message.text(tag) === '_' ? 'TRX' : message.text(tag),
    name: message.text(tag + 1),
    decimals: Number(message.number(tag + 2) & 0xffn),
  })
  const [one, two] = [token(2), token(5)]
  if (first !== one.id && first !== two.id) throw new StatusWord(0x6a80)
  return first === one.id ? [one, two] : [two, one]
}
