import type { DraftFields } from '@coffer/core'
import fc from 'fast-check'
import { encodeFunctionData, parseAbi } from 'viem'
import { describe, expect, test } from 'vitest'
import { parseAddress, ZERO_ADDRESS } from './address.ts'
import { bytesToHex } from './hex.ts'
import type { Address, EvmIntent, EvmNetwork, EvmTransaction, Hex } from './intent.ts'
import { bnbNetwork, ethereumNetwork } from './networks.ts'
import { buildTransaction, callOf, parseIntent, rebuild, type TxNumbers } from './rebuild.ts'
import { decodeUnsigned, encodeUnsigned } from './transaction.ts'

const SELF: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const TO: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const USDT: Address = '0xdAC17F958D2ee523a2206206994597C13D831ec7'
const DELEGATE: Address = '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B'
const NETWORK: EvmNetwork = { ...ethereumNetwork, delegates: [DELEGATE] }
const NUMBERS: TxNumbers = { nonce: 7n, gasLimit: 90_000n, maxFeePerGas: 30n, maxPriorityFeePerGas: 2n }
const PRICED: TxNumbers = { nonce: 7n, gasLimit: 90_000n, gasPrice: 30n }
const COIN = ethereumNetwork.coin.id
const TOKEN = `eip155:1/erc20:${USDT}` as const

const pay: EvmIntent = { kind: 'pay', asset: COIN, to: TO, amount: 5n }
const INTENTS: Record<string, EvmIntent> = {
  'pay coin': pay,
  'pay token': { kind: 'pay', asset: TOKEN, to: TO, amount: 5n },
  approve: { kind: 'approve', asset: TOKEN, spender: TO, amount: 5n },
  call: { kind: 'call', to: TO, value: 1n, data: '0x12345678' },
  'call with access list': {
    kind: 'call',
    to: TO,
    value: 1n,
    data: '0x12345678',
    accessList: [{ address: USDT, storageKeys: [`0x${'01'.repeat(32)}`] }],
  },
  deploy: { kind: 'deploy', value: 0n, data: '0x6001' },
  delegate: { kind: 'delegate', to: DELEGATE },
  'take a delegation back': { kind: 'delegate', to: null },
  cancel: { kind: 'cancel', replaces: { txid: `0x${'ab'.repeat(32)}`, nonce: 7n } },
}

const build = (intent: EvmIntent, numbers: TxNumbers = NUMBERS, network = NETWORK): EvmTransaction =>
  buildTransaction(intent, numbers, network, SELF)

function draftOf(intent: EvmIntent, payload: string, network = NETWORK): DraftFields<EvmIntent> {
  return { chain: network.id, account: `${network.id}:${SELF}`, intent, payload, hints: {} }
}

describe('building', () => {
  test('a payment in the coin', () => {
    expect(build(pay)).toEqual({
      type: 'eip1559',
      chainId: 1n,
      nonce: 7n,
      gasLimit: 90_000n,
      maxFeePerGas: 30n,
      maxPriorityFeePerGas: 2n,
      to: TO,
      value: 5n,
      data: '0x',
      accessList: [],
    })
  })

  test('a payment in a token', () => {
    const data = encodeFunctionData({ abi: parseAbi(['function transfer(address,uint256)']), args: [TO, 5n] })
    expect(callOf(INTENTS['pay token']!, NETWORK, SELF)).toEqual({ to: USDT, value: 0n, data })
  })

  test('a cancellation sends nothing to oneself', () => {
    expect(callOf(INTENTS['cancel']!, NETWORK, SELF)).toEqual({ to: SELF, value: 0n, data: '0x' })
  })

  test('a gas price makes the older types', () => {
    expect(build(pay, PRICED)).toMatchObject({ type: 'legacy', gasPrice: 30n })
    expect(build(INTENTS['call with access list']!, PRICED)).toMatchObject({ type: 'eip2930' })
  })

  test.each<[string, EvmIntent, TxNumbers, EvmNetwork, string]>([
    [
      'the nonce of a replacement is another one',
      { ...pay, replaces: { txid: '0x', nonce: 8n } },
      NUMBERS,
      NETWORK,
      'INVALID_REQUEST',
    ],
    ['a delegation has a gas price', INTENTS['delegate']!, PRICED, NETWORK, 'INVALID_REQUEST'],
    ['the zero address is paid', { ...pay, to: ZERO_ADDRESS }, NUMBERS, NETWORK, 'INVALID_ADDRESS'],
    [
      'the zero address is paid in a token',
      { ...INTENTS['pay token'], to: ZERO_ADDRESS } as EvmIntent,
      NUMBERS,
      NETWORK,
      'INVALID_ADDRESS',
    ],
    [
      'the zero address is approved',
      { ...INTENTS['approve'], spender: ZERO_ADDRESS } as EvmIntent,
      NUMBERS,
      NETWORK,
      'INVALID_ADDRESS',
    ],
    [
      'the zero address is called',
      { ...INTENTS['call'], to: ZERO_ADDRESS } as EvmIntent,
      NUMBERS,
      NETWORK,
      'INVALID_ADDRESS',
    ],
    [
      'the zero address is a token',
      { ...pay, asset: `eip155:1/erc20:${ZERO_ADDRESS}` },
      NUMBERS,
      NETWORK,
      'INVALID_ADDRESS',
    ],
    [
      'the coin is approved',
      { ...INTENTS['approve'], asset: COIN } as EvmIntent,
      NUMBERS,
      NETWORK,
      'INVALID_ASSET',
    ],
    [
      'the coin is of another chain',
      { ...pay, asset: bnbNetwork.coin.id },
      NUMBERS,
      NETWORK,
      'INVALID_ASSET',
    ],
    [
      'the token is of another chain',
      { ...pay, asset: `eip155:56/erc20:${USDT}` },
      NUMBERS,
      NETWORK,
      'INVALID_ASSET',
    ],
    ['the asset is an NFT', { ...pay, asset: `eip155:1/erc721:${USDT}` }, NUMBERS, NETWORK, 'INVALID_ASSET'],
    ['the kind is unknown', { kind: 'burn' } as never, NUMBERS, NETWORK, 'INVALID_REQUEST'],
  ])('is refused when %s', (_, intent, numbers, network, code) => {
    expect(() => build(intent, numbers, network)).toThrow(expect.objectContaining({ code }))
  })

  test('E2: an access list goes with a call alone', () => {
    const stray = { ...pay, accessList: [{ address: USDT, storageKeys: [] }] }
    expect(build(stray as EvmIntent)).toMatchObject({ accessList: [] })
    expect(build(stray as EvmIntent, PRICED)).toMatchObject({ type: 'legacy' })
  })

  test('a payment of a recipient in the wrong case is refused', () => {
    expect(() => build({ ...pay, to: TO.replace('C5', 'c5') })).toThrow(
      expect.objectContaining({ code: 'INVALID_ADDRESS' }),
    )
  })
})

describe('E3: delegations', () => {
  test('name this chain, a pinned contract, the next nonce and nobody else', () => {
    expect(build(INTENTS['delegate']!)).toMatchObject({
      type: 'eip7702',
      to: SELF,
      value: 0n,
      data: '0x',
      authorizationList: [{ chainId: 1n, address: DELEGATE, nonce: 8n }],
    })
    expect(build(INTENTS['take a delegation back']!)).toMatchObject({
      authorizationList: [{ chainId: 1n, address: ZERO_ADDRESS, nonce: 8n }],
    })
  })

  test('a contract that is not pinned is refused, when built and when rebuilt', () => {
    expect(() => build(INTENTS['delegate']!, NUMBERS, ethereumNetwork)).toThrow(
      /not one of the contracts allowed/,
    )
    const payload = encodeUnsigned(build(INTENTS['delegate']!))
    expect(() => rebuild(draftOf(INTENTS['delegate']!, payload), ethereumNetwork)).toThrow(
      /not one of the contracts allowed/,
    )
  })

  test('an authorisation for every chain (chain id 0) or another chain is refused', () => {
    const tx = build(INTENTS['delegate']!) as Extract<EvmTransaction, { type: 'eip7702' }>
    for (const chainId of [0n, 56n]) {
      const payload = encodeUnsigned({ ...tx, authorizationList: [{ ...tx.authorizationList[0]!, chainId }] })
      expect(() => rebuild(draftOf(INTENTS['delegate']!, payload), NETWORK)).toThrow(/on other chains/)
    }
  })

  test('a second authorisation, another nonce or another recipient make the payload differ', () => {
    const tx = build(INTENTS['delegate']!) as Extract<EvmTransaction, { type: 'eip7702' }>
    const [own] = tx.authorizationList
    for (const change of [
      { authorizationList: [own!, own!] },
      { authorizationList: [{ ...own!, nonce: 7n }] },
      { to: TO },
      { value: 1n },
      { data: '0x00' as Hex },
    ]) {
      const payload = encodeUnsigned({ ...tx, ...change })
      expect(rebuild(draftOf(INTENTS['delegate']!, payload), NETWORK)).not.toBe(payload)
    }
  })

  test('an authorisation that comes with another intent makes the payload differ', () => {
    const tx = build(INTENTS['delegate']!)
    const payload = encodeUnsigned({ ...tx, to: TO, value: 5n } as EvmTransaction)
    expect(rebuild(draftOf(pay, payload), NETWORK)).not.toBe(payload)
  })
})

describe('rebuilding', () => {
  test.each(Object.entries(INTENTS))('%s: gives the very payload that was built', (_, intent) => {
    for (const numbers of [NUMBERS, PRICED]) {
      if (numbers === PRICED && intent.kind === 'delegate') continue
      const payload = encodeUnsigned(build(intent, numbers))
      expect(rebuild(draftOf(intent, payload), NETWORK)).toBe(payload)
    }
  })

  test.each(Object.entries(INTENTS))(
    'E2, %s: a field that nobody asked for makes the payload differ',
    (_, intent) => {
      const tx = build(intent)
      const list = [{ address: TO, storageKeys: [] }]
      const changes: Partial<EvmTransaction>[] = [
        { to: '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC' },
        { value: tx.value + 1n },
        { data: `${tx.data}00` },
        { accessList: 'accessList' in tx && tx.accessList.length > 0 ? [] : list },
      ]
      for (const change of changes) {
        const payload = encodeUnsigned({ ...tx, ...change } as EvmTransaction)
        expect(rebuild(draftOf(intent, payload), NETWORK)).not.toBe(payload)
      }
    },
  )

  test('E2: an empty access list of type 1 is not what a gas price makes', () => {
    const payload = encodeUnsigned({
      ...build(pay, PRICED),
      type: 'eip2930',
      accessList: [],
    } as EvmTransaction)
    expect(rebuild(draftOf(pay, payload), NETWORK)).not.toBe(payload)
  })

  test('type 2 is rebuilt where the wallet itself would choose a gas price, for those who build otherwise', () => {
    const intent: EvmIntent = { ...pay, asset: bnbNetwork.coin.id }
    const payload = encodeUnsigned({ ...build(pay), chainId: 56n })
    expect(rebuild(draftOf(intent, payload, bnbNetwork), bnbNetwork)).toBe(payload)
  })

  test('G15: a recipient or amount swapped after the intent was made is seen, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        fc.bigInt(0n, 1n << 100n),
        (bytes, amount) => {
          const to = parseAddress(bytesToHex(bytes))
          fc.pre(to !== TO && amount !== 5n && to !== ZERO_ADDRESS)
          for (const change of [{ to }, { amount }]) {
            const payload = encodeUnsigned(build({ ...pay, ...change }))
            expect(rebuild(draftOf(pay, payload), NETWORK)).not.toBe(payload)
          }
        },
      ),
    )
  })

  test('E7: a replacement has the nonce of what it replaces', () => {
    const intent: EvmIntent = { ...pay, replaces: { txid: `0x${'ab'.repeat(32)}`, nonce: 7n } }
    const payload = encodeUnsigned(build(intent))
    expect(rebuild(draftOf(intent, payload), NETWORK)).toBe(payload)
    const other = encodeUnsigned({ ...decodeUnsigned(payload), nonce: 8n })
    expect(() => rebuild(draftOf(intent, other), NETWORK)).toThrow(
      expect.objectContaining({ code: 'DRAFT_MISMATCH' }),
    )
  })

  test('a fault of ours is no mismatch', () => {
    const payload = encodeUnsigned(build(pay))
    expect(() => rebuild(draftOf(undefined as never, payload), NETWORK)).toThrow(TypeError)
  })

  test('E1: a payload or draft of another chain is refused', () => {
    const payload = encodeUnsigned({ ...build(pay), chainId: 56n })
    expect(() => rebuild(draftOf(pay, payload), NETWORK)).toThrow(
      expect.objectContaining({ code: 'INVALID_DRAFT' }),
    )
    const draft = { ...draftOf(pay, encodeUnsigned(build(pay))), chain: 'eip155:56' as const }
    expect(() => rebuild(draft, NETWORK)).toThrow(expect.objectContaining({ code: 'INVALID_DRAFT' }))
  })
})

describe('an intent in JSON', () => {
  const written = (intent: EvmIntent): Record<string, unknown> =>
    JSON.parse(JSON.stringify(intent, (_, value) => (typeof value === 'bigint' ? value.toString() : value)))

  test.each(Object.entries(INTENTS))('%s: is read back', (_, intent) => {
    expect(parseIntent(written(intent), NETWORK)).toEqual(intent)
  })

  test('addresses, data and ids become canonical', () => {
    const json = {
      kind: 'pay',
      asset: TOKEN.toLowerCase(),
      to: TO.toLowerCase(),
      amount: '5',
      replaces: { txid: `0x${'AB'.repeat(32)}`, nonce: '7' },
    }
    expect(parseIntent(json, NETWORK)).toEqual({
      kind: 'pay',
      asset: TOKEN,
      to: TO,
      amount: 5n,
      replaces: { txid: `0x${'ab'.repeat(32)}`, nonce: 7n },
    })
    expect(parseIntent({ kind: 'call', to: TO, value: '0', data: '0xAB' }, NETWORK)).toMatchObject({
      data: '0xab',
    })
  })

  test.each(Object.entries(INTENTS))('E2, %s: a field more or less is refused', (_, intent) => {
    const json = written(intent)
    const refused = expect.objectContaining({ code: 'INVALID_DRAFT' })
    expect(() => parseIntent({ ...json, extra: '1' }, NETWORK)).toThrow(refused)
    for (const name of Object.keys(json).filter((name) => name !== 'accessList' && name !== 'replaces')) {
      const { [name]: _, ...rest } = json
      expect(() => parseIntent(rest, NETWORK)).toThrow(refused)
    }
    const replaces = { txid: `0x${'ab'.repeat(32)}`, nonce: '7' }
    expect(parseIntent({ ...json, replaces }, NETWORK)).toMatchObject({ replaces: { nonce: 7n } })
    expect(() => parseIntent({ ...json, replaces: { ...replaces, extra: '1' } }, NETWORK)).toThrow(refused)
    expect(() => parseIntent({ ...json, replaces: undefined }, NETWORK)).toThrow(refused)
  })

  test('131,072 bytes of data are read', () => {
    const json = { kind: 'deploy', value: '0', data: `0x${'01'.repeat(131_072)}` }
    expect(parseIntent(json, NETWORK)).toEqual({ ...json, value: 0n })
  })

  test('a fault while it is read is not hidden', () => {
    const json = {
      get kind(): string {
        throw new RangeError('no')
      },
    }
    expect(() => parseIntent(json, NETWORK)).toThrow(RangeError)
  })

  const good = written(pay)
  const call = written(INTENTS['call with access list']!)
  test.each<[string, unknown]>([
    ['nothing', null],
    ['a list', [good]],
    ['a text', 'pay'],
    ['no kind', { ...good, kind: undefined }],
    ['an unknown kind', { ...good, kind: 'steal' }],
    ['G8: a kind of every object', { ...good, kind: 'constructor' }],
    ['an unknown field', { ...good, memo: 'x' }],
    ['a field of another kind', { ...good, data: '0x' }],
    ['an access list of a payment', { ...good, accessList: [] }],
    ['G8: __proto__', JSON.parse('{"kind":"pay","__proto__":{"to":1},"asset":"x","to":"y","amount":"1"}')],
    ['G8: inherited fields', Object.create(good)],
    ['no recipient', { ...good, to: undefined }],
    ['a recipient that is none', { ...good, to: 'vitalik.eth' }],
    ['G2: a recipient with a wrong checksum', { ...good, to: TO.replace('C5', 'c5') }],
    ['the zero address', { ...good, to: ZERO_ADDRESS }],
    ['G3: a number', { ...good, amount: 5 }],
    ['G3: a negative amount', { ...good, amount: '-5' }],
    ['G3: an exponent', { ...good, amount: '5e1' }],
    ['G3: a fraction', { ...good, amount: '5.0' }],
    ['G3: a zero in front', { ...good, amount: '05' }],
    ['G3: white space', { ...good, amount: ' 5' }],
    ['G3: 2^256', { ...good, amount: (1n << 256n).toString() }],
    ['an asset of another chain', { ...good, asset: bnbNetwork.coin.id }],
    ['an asset that is none', { ...good, asset: 'ETH' }],
    ['half a byte of data', { ...call, data: '0x123' }],
    ['data that is no text', { ...call, data: 5 }],
    ['too much data', { ...call, data: `0x${'00'.repeat(131_073)}` }],
    ['an access list that is none', { ...call, accessList: {} }],
    ['a short storage key', { ...call, accessList: [{ address: TO, storageKeys: ['0x01'] }] }],
    [
      'an unknown field in the access list',
      { ...call, accessList: [{ address: TO, storageKeys: [], x: 1 }] },
    ],
    ['a replaced id that is none', { ...good, replaces: { txid: '0x12', nonce: '1' } }],
    ['a replaced nonce that is a number', { ...good, replaces: { txid: `0x${'ab'.repeat(32)}`, nonce: 1 } }],
    ['no replaced nonce', { ...good, replaces: { txid: `0x${'ab'.repeat(32)}` } }],
    ['E2: an authorisation of a dapp', { ...written(INTENTS['delegate']!), authorizationList: [] }],
  ])('%s is refused', (_, json) => {
    expect(() => parseIntent(json, NETWORK)).toThrow(expect.objectContaining({ code: 'INVALID_DRAFT' }))
  })
})
