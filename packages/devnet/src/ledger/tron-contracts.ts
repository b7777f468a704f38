import { StatusWord } from './apdu.ts'
import { decimal, hex, numberOf, textOf } from './byte-strings.ts'
import { MAINNET, shownTronAddress } from './tron-address.ts'
import { type Decoded, decode, type FieldKind } from './tron-protobuf.ts'
import { knownToken } from './tron-tokens.ts'

type Field = readonly [label: string, value: string]

/** A TRC-10 token under the name that a descriptor gave. */
export interface TokenName {
  readonly name: string
  readonly decimals: number
}

/** A contract as the app understands it. */
export interface TronContract {
  readonly owner: Uint8Array
  /** The TRC-10 tokens that it names, by identifier: descriptors can give them a name. */
  readonly tokens: readonly string[]
  readonly exchangeId?: bigint
  /** What the screen has of it, with the names of its tokens as far as they are known. */
  fields(names: readonly (TokenName | undefined)[]): readonly Field[]
  readonly warnings: readonly string[]
  /** The setting without which the app refuses it. */
  readonly needs?: 'customContract' | 'signByHash'
}

/** What the app has room for. */
const MOST_VOTES = 5
const MOST_PARAMETERS = 10
const MOST_DIGITS = 10n ** 19n
/** The only duration that the app takes for a freeze of the first version. */
const FREEZE_DAYS = 3n

function refuse(): never {
  throw new StatusWord(0x6a80)
}

function amount(value: bigint, decimals: number): string {
  if (value >= MOST_DIGITS) throw new StatusWord(0x6700)
  return decimal(value, decimals)
}

const trx = (value: bigint): string => amount(value, 6)

const resource = (code: bigint): string => (code === 0n ? 'Bandwidth' : 'Energy')

/** A TRC-10 token by the bytes that name it: `_` for the coin, or seven digits. */
function tokenId(bytes: Uint8Array | undefined): string {
  const id = textOf(bytes ?? new Uint8Array())
  if (id === '_') return 'TRX'
  return bytes?.length === 7 ? id : refuse()
}

const tokenName = (id: string, name: TokenName | undefined): string => (name ? `${name.name}[${id}]` : id)

function tokenAmount(value: bigint, id: string, name: TokenName | undefined): string {
  return amount(value, id === 'TRX' ? 6 : (name?.decimals ?? 0))
}

interface Shape {
  readonly kinds: Readonly<Record<number, FieldKind>>
  read(message: Decoded): Omit<TronContract, 'owner' | 'tokens' | 'warnings'> & {
    readonly tokens?: readonly string[]
    readonly warnings?: readonly string[]
  }
  /** The field with the owner; the first when not given. */
  readonly owner?: number
}

const plain = (fields: readonly Field[]): ReturnType<Shape['read']> => ({ fields: () => fields })

/** Contracts of which the screen has nothing but the hash. */
const hashed: Shape['read'] = () => ({
  fields: () => [],
  warnings: ['Blind signing'],
  needs: 'signByHash',
})

const transfer: Shape = {
  kinds: { 1: 'address', 2: 'address', 3: 'number' },
  read: (message) =>
    plain([
      ['Amount', trx(message.number(3))],
      ['Token', 'TRX'],
      ['To', shownTronAddress(message.address(2))],
    ]),
}

const transferAsset: Shape = {
  kinds: { 1: { most: 16 }, 2: 'address', 3: 'address', 4: 'number' },
  owner: 2,
  read: (message) => {
    const id = tokenId(message.bytes(1))
    return {
      tokens: [id],
      fields: ([name]) => [
        ['Amount', amount(message.number(4), name?.decimals ?? 0)],
        ['Token', tokenName(id, name)],
        ['To', shownTronAddress(message.address(3))],
      ],
    }
  },
}

const vote: Shape = {
  kinds: { 1: 'address', 2: 'any' },
  read: (message) => {
    const votes = message.all(2).map((vote) => decode(vote, { 1: 'address', 2: 'number' }))
    if (votes.length > MOST_VOTES) refuse()
    const total = votes.reduce((sum, vote) => sum + vote.number(2), 0n)
    return plain([
      ...votes.map((vote): Field => [shownTronAddress(vote.address(1)), amount(vote.number(2), 0)]),
      ['Total Vote Count', `${votes.length}: ${total}`],
    ])
  },
}

/** The receiver of a delegation, or the owner. */
const receiver = (message: Decoded): string => {
  const given = message.address(15)
  return shownTronAddress(given[0] === 0 ? message.address(1) : given)
}

const freeze: Shape = {
  kinds: { 1: 'address', 2: 'number', 3: 'number', 10: 'number', 15: 'address' },
  read: (message) => {
    if (message.number(3) !== FREEZE_DAYS) refuse()
    return plain([
      ['Gain', resource(message.number(10))],
      ['Amount', trx(message.number(2))],
      ['Freeze To', receiver(message)],
    ])
  },
}

const unfreeze: Shape = {
  kinds: { 1: 'address', 10: 'number', 15: 'address' },
  read: (message) =>
    plain([
      ['Resource', resource(message.number(10))],
      ['Delegated To', receiver(message)],
    ]),
}

const stake = (label: string): Shape => ({
  kinds: { 1: 'address', 2: 'number', 3: 'number' },
  read: (message) =>
    plain([
      [label, resource(message.number(3))],
      ['Amount', trx(message.number(2))],
      ['To', shownTronAddress(message.address(1))],
    ]),
})

const delegate = (locks: boolean): Shape => ({
  kinds: {
    1: 'address',
    2: 'number',
    3: 'number',
    4: 'address',
    ...(locks && { 5: 'number' as const }),
  },
  read: (message) =>
    plain([
      ['Resource', resource(message.number(2))],
      ['Amount', trx(message.number(3))],
      ...(locks ? [['Lock', message.number(5) === 0n ? 'False' : 'True'] as const] : []),
      ['To', shownTronAddress(message.address(4))],
    ]),
})

const ownerAlone: Shape = { kinds: { 1: 'address' }, read: () => plain([]) }

const exchangeCreate: Shape = {
  kinds: { 1: 'address', 2: { most: 8 }, 3: 'number', 4: { most: 8 }, 5: 'number' },
  read: (message) => {
    const [first, second] = [tokenId(message.bytes(2)), tokenId(message.bytes(4))]
    return {
      tokens: [first, second],
      fields: ([one, two]) => [
        ['Token 1', tokenName(first, one)],
        ['Amount 1', tokenAmount(message.number(3), first, one)],
        ['Token 2', tokenName(second, two)],
        ['Amount 2', tokenAmount(message.number(5), second, two)],
      ],
    }
  },
}

const exchange = (action: 'inject' | 'withdraw'): Shape => ({
  kinds: { 1: 'address', 2: 'number', 3: { most: 8 }, 4: 'number' },
  read: (message) => {
    const id = tokenId(message.bytes(3))
    return {
      tokens: [id],
      exchangeId: message.number(2),
      fields: ([name]) => [
        ['Action', action],
        ['Exchange ID', message.number(2).toString()],
        ['Token Name', tokenName(id, name)],
        ['Amount', tokenAmount(message.number(4), id, name)],
      ],
    }
  },
})

const exchangeTransaction: Shape = {
  kinds: { 1: 'address', 2: 'number', 3: { most: 8 }, 4: 'number', 5: 'number' },
  read: (message) => {
    const id = tokenId(message.bytes(3))
    return {
      tokens: [id],
      exchangeId: message.number(2),
      fields: ([name, other]) => [
        ['Exchange ID', message.number(2).toString()],
        ['Token pair', `${tokenName(id, name)} -> ${other?.name ?? ''}`],
        ['Amount', amount(message.number(4), name?.decimals ?? 0)],
        ['Expected', amount(message.number(5), other?.decimals ?? 0)],
      ],
    }
  },
}

const TRANSFER = 'a9059cbb'
const APPROVE = '095ea7b3'

/** The call of a token that the app knows; `undefined` for any other. */
function tokenCall(contract: Uint8Array, data: Uint8Array | undefined): readonly Field[] | undefined {
  const selector = data && hex(data.slice(0, 4))
  const isCall = selector === TRANSFER || selector === APPROVE
  // Of data that are no words the app makes nothing, whatever the contract.
  if (data && (data.length < 4 || (isCall ? data.length !== 68 : data.length % 32 !== 4))) refuse()
  const token = knownToken(contract)
  if (!data || !token || !isCall) return undefined
  const to = Uint8Array.of(MAINNET, ...data.slice(16, 36))
  return [
    ['Amount', decimal(numberOf(data.slice(36)), token.decimals)],
    ['Token', token.ticker],
    [selector === APPROVE ? 'Allow' : 'To', shownTronAddress(to)],
  ]
}

const trigger: Shape = {
  kinds: { 1: 'address', 2: 'address', 3: 'number', 4: 'any', 5: 'number', 6: 'number' },
  read: (message) => {
    const [contract, data] = [message.address(2), message.bytes(4)]
    const call = tokenCall(contract, data)
    if (call) return plain(call)
    const value = message.number(3)
    return {
      fields: () => [
        ['Contract', shownTronAddress(contract)],
        ['Selector', data ? hex(data.slice(0, 4)) : '00000000'],
        ['Pay Token', value > 0n ? 'TRX' : '-'],
        ['Call Amount', trx(value)],
      ],
      warnings: ['Custom contract'],
      needs: 'customContract',
    }
  },
}

const SHAPES: Readonly<Record<number, Shape>> = {
  1: transfer,
  2: transferAsset,
  4: vote,
  10: { kinds: { 2: 'address' }, owner: 2, read: hashed },
  11: freeze,
  12: unfreeze,
  13: ownerAlone,
  16: {
    kinds: { 1: 'address', 2: 'any' },
    read: (message) => (message.all(2).length > MOST_PARAMETERS ? refuse() : hashed(message)),
  },
  17: { kinds: { 1: 'address', 2: 'number', 3: 'number' }, read: hashed },
  18: { kinds: { 1: 'address', 2: 'number' }, read: hashed },
  31: trigger,
  41: exchangeCreate,
  42: exchange('inject'),
  43: exchange('withdraw'),
  44: exchangeTransaction,
  46: { kinds: { 1: 'address' }, read: hashed },
  54: stake('Gain'),
  55: stake('Resource'),
  56: ownerAlone,
  57: delegate(true),
  58: delegate(false),
}

/** Throws 0x6a80 for a contract that the app does not take. */
export function readContract(type: bigint, parameter: Uint8Array): TronContract {
  const shape = SHAPES[Number(type)] ?? refuse()
  const message = decode(parameter, shape.kinds)
  return {
    tokens: [],
    warnings: [],
    ...shape.read(message),
    owner: message.address(shape.owner ?? 1),
  }
}
