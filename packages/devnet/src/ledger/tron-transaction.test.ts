import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { createBase58check } from '@scure/base'
import { describe, expect, it } from 'vitest'
import type { LedgerDevice } from './device.ts'
import { bytes, deviceWith, hex, send, withPath } from './exchange.fixture.ts'
import { type TronDeviceAppOptions, tronDeviceApp } from './tron.ts'

const PATH = "44'/195'/0'/0/0"
const OWNER = '417e70497d5c6c768aab8fa892da766aba58b389a6'
const TO = '41e2ae49db6a70b9b4757d2137a43b69b24a445780'
const USDT = '41a614f803b6fd780986a42c78ec9c7f77e6ded13c'
const UNKNOWN = `41${'12'.repeat(20)}`

const base58 = (address: string): string => createBase58check(sha256).encode(bytes(address))

const varint = (value: bigint): string => {
  const low = Number(value & 0x7fn)
  return value < 0x80n ? low.toString(16).padStart(2, '0') : (low | 0x80).toString(16) + varint(value >> 7n)
}
const number = (tag: number, value: bigint | number): string =>
  varint(BigInt(tag * 8)) + varint(BigInt.asUintN(64, BigInt(value)))
const string = (tag: number, value: string): string =>
  varint(BigInt(tag * 8 + 2)) + varint(BigInt(value.length / 2)) + value
const text = (value: string): string => Buffer.from(value).toString('hex')

const contract = (type: number, parameter: string, more = ''): string =>
  string(
    11,
    (type ? number(1, type) : '') +
      string(2, string(1, text('type.googleapis.com/protocol.Any')) + string(2, parameter)) +
      more,
  )
const HEAD = string(1, '95da') + string(4, '42177db00507aabb') + number(8, 1_700_000_000_000n)
const TAIL = number(14, 1_700_000_000_000n)
const transfer = string(1, OWNER) + string(2, TO) + number(3, 1_000_000)
const raw = (type: number, parameter: string, more = ''): string =>
  HEAD + contract(type, parameter, more) + TAIL

const device = (options: TronDeviceAppOptions = {}): LedgerDevice => deviceWith(tronDeviceApp(options))
const sign = (on: LedgerDevice, transaction: string): Promise<{ data: string; word: number }> =>
  send(on, 4, 0x10, 0, withPath(PATH, bytes(transaction)))

const publicKeyOf = async (on: LedgerDevice): Promise<string> =>
  (await send(on, 2, 0, 0, withPath(PATH))).data.slice(2, 2 + 130)

/** Whether the key of the path signed this hash. */
async function isSigned(on: LedgerDevice, hash: Uint8Array, answer: string): Promise<boolean> {
  const signature = Uint8Array.from([Number.parseInt(answer.slice(128), 16), ...bytes(answer.slice(0, 128))])
  const key = secp256k1.recoverPublicKey(signature, hash, { prehash: false })
  return hex(secp256k1.Point.fromBytes(key).toBytes(false)) === (await publicKeyOf(on))
}

const call = (selector: string, to: string, amount: bigint): string =>
  `${selector}${to.slice(2).padStart(64, '0')}${amount.toString(16).padStart(64, '0')}`
const trigger = (to: string, data: string, value = 0): string =>
  string(1, OWNER) + string(2, to) + (value ? number(3, value) : '') + (data ? string(4, data) : '')

describe('contracts', () => {
  it.each<[name: string, type: number, parameter: string, fields: [string, string][]]>([
    [
      'a transfer',
      1,
      transfer,
      [
        ['Amount', '1'],
        ['Token', 'TRX'],
        ['To', base58(TO)],
      ],
    ],
    [
      'a transfer of a TRC-10 token',
      2,
      string(1, text('1002000')) + string(2, OWNER) + string(3, TO) + number(4, 12),
      [
        ['Amount', '12'],
        ['Token', '1002000'],
        ['To', base58(TO)],
      ],
    ],
    [
      'votes',
      4,
      string(1, OWNER) + string(2, string(1, TO) + number(2, 3)) + string(2, string(1, USDT) + number(2, 4)),
      [
        [base58(TO), '3'],
        [base58(USDT), '4'],
        ['Total Vote Count', '2: 7'],
      ],
    ],
    [
      'a freeze of the first version',
      11,
      string(1, OWNER) + number(2, 5_500_000) + number(3, 3) + number(10, 1) + string(15, TO),
      [
        ['Gain', 'Energy'],
        ['Amount', '5.5'],
        ['Freeze To', base58(TO)],
      ],
    ],
    [
      'an unfreeze of the first version',
      12,
      string(1, OWNER),
      [
        ['Resource', 'Bandwidth'],
        ['Delegated To', base58(OWNER)],
      ],
    ],
    ['a claim of rewards', 13, string(1, OWNER), []],
    [
      'a freeze',
      54,
      string(1, OWNER) + number(2, 10_000_000) + number(3, 1),
      [
        ['Gain', 'Energy'],
        ['Amount', '10'],
        ['To', base58(OWNER)],
      ],
    ],
    [
      'an unfreeze',
      55,
      string(1, OWNER) + number(2, 1),
      [
        ['Resource', 'Bandwidth'],
        ['Amount', '0.000001'],
        ['To', base58(OWNER)],
      ],
    ],
    ['a withdrawal of what was unfrozen', 56, string(1, OWNER), []],
    [
      'a delegation',
      57,
      string(1, OWNER) + number(2, 1) + number(3, 2_000_000) + string(4, TO) + number(5, 1),
      [
        ['Resource', 'Energy'],
        ['Amount', '2'],
        ['Lock', 'True'],
        ['To', base58(TO)],
      ],
    ],
    [
      'its end',
      58,
      string(1, OWNER) + number(3, 2_000_000) + string(4, TO),
      [
        ['Resource', 'Bandwidth'],
        ['Amount', '2'],
        ['To', base58(TO)],
      ],
    ],
    [
      'a new exchange',
      41,
      string(1, OWNER) +
        string(2, text('_')) +
        number(3, 1_000_000) +
        string(4, text('1000166')) +
        number(5, 7),
      [
        ['Token 1', 'TRX'],
        ['Amount 1', '1'],
        ['Token 2', '1000166'],
        ['Amount 2', '7'],
      ],
    ],
    [
      'a transfer of a token',
      31,
      trigger(USDT, call('a9059cbb', TO, 1_234_567n)),
      [
        ['Amount', '1.234567'],
        ['Token', 'USDT'],
        ['To', base58(TO)],
      ],
    ],
    [
      'an approval of a token',
      31,
      trigger(USDT, call('095ea7b3', TO, 2n ** 256n - 1n)),
      [
        ['Amount', '115792089237316195423570985008687907853269984665640564039457584007913129.639935'],
        ['Token', 'USDT'],
        ['Allow', base58(TO)],
      ],
    ],
  ])('%s is shown and signed without a setting', async (_, type, parameter, fields) => {
    const on = device()
    const { data, word } = await sign(on, raw(type, parameter))
    expect(word).toBe(0x9000)
    expect(on.shown[0]).toEqual({
      app: 'Tron',
      kind: 'transaction',
      fields: [...fields, ['From', base58(OWNER)]],
      warnings: [],
      deed: 'approve',
    })
    expect(await isSigned(on, sha256(bytes(raw(type, parameter))), data)).toBe(true)
  })

  it.each([
    ['an account update', 10, string(1, text('name')) + string(2, OWNER)],
    ['a proposal', 16, string(1, OWNER) + string(2, number(1, 1) + number(2, 2))],
    ['an approval of a proposal', 17, string(1, OWNER) + number(2, 1) + number(3, 1)],
    ['the end of a proposal', 18, string(1, OWNER) + number(2, 1)],
    ['a permission update', 46, string(1, OWNER) + string(2, number(1, 0)) + string(4, number(1, 2))],
  ])('%s needs signing by hash', async (_, type, parameter) => {
    const off = device({ data: true, customContract: true })
    expect((await sign(off, raw(type, parameter))).word).toBe(0x6a8c)
    expect(off.shown).toEqual([])
    const on = device({ signByHash: true })
    const hash = sha256(bytes(raw(type, parameter)))
    expect(await isSigned(on, hash, (await sign(on, raw(type, parameter))).data)).toBe(true)
    expect(on.shown[0]).toMatchObject({
      fields: [
        ['Hash', hex(hash)],
        ['From', base58(OWNER)],
      ],
      warnings: ['Blind signing'],
    })
  })

  it.each([
    ['an unknown token', trigger(UNKNOWN, call('a9059cbb', TO, 1n)), 'a9059cbb', '-', '0'],
    ['another method of a known token', trigger(USDT, `deadbeef${'00'.repeat(32)}`), 'deadbeef', '-', '0'],
    ['a contract with coins', trigger(UNKNOWN, 'd0e30db0', 1_500_000), 'd0e30db0', 'TRX', '1.5'],
    ['a contract without data', trigger(UNKNOWN, ''), '00000000', '-', '0'],
  ])('a call of %s needs custom contracts', async (_, parameter, selector, payToken, amount) => {
    expect((await sign(device({ data: true, signByHash: true }), raw(31, parameter))).word).toBe(0x6a8d)
    const on = device({ customContract: true })
    expect((await sign(on, raw(31, parameter))).word).toBe(0x9000)
    expect(on.shown[0]).toMatchObject({ warnings: ['Custom contract'] })
    expect(on.shown[0]!.fields.slice(1, 4)).toEqual([
      ['Selector', selector],
      ['Pay Token', payToken],
      ['Call Amount', amount],
    ])
  })

  it.each([
    ['an account', 0, string(1, OWNER) + string(2, TO)],
    ['a vote for an asset', 3, string(1, OWNER)],
    ['a witness', 5, string(1, OWNER)],
    ['an asset', 6, string(1, OWNER)],
    ['a new contract', 30, string(1, OWNER)],
    ['a setting of a contract', 33, string(1, OWNER)],
    ['brokerage', 49, string(1, OWNER)],
    ['the end of an unfreeze', 59, string(1, OWNER)],
    ['an unknown type', 99, string(1, OWNER)],
    ['a freeze for four days', 11, string(1, OWNER) + number(2, 1) + number(3, 4)],
    ['an address of 20 bytes', 1, string(1, OWNER.slice(2))],
    ['a number where an address should be', 1, number(1, 1)],
    ['a TRC-10 token by another name', 2, string(1, text('USDT')) + string(2, OWNER) + string(3, TO)],
    ['a token call cut short', 31, trigger(USDT, call('a9059cbb', TO, 1n).slice(0, -2))],
    ['data of three bytes', 31, trigger(UNKNOWN, 'aabbcc')],
    ['data that are no words', 31, trigger(UNKNOWN, 'aabbccdd00')],
  ])('%s is refused whatever the settings', async (_, type, parameter) => {
    const on = device({ data: true, customContract: true, signByHash: true })
    expect((await sign(on, raw(type, parameter))).word).toBe(0x6a80)
    expect(on.shown).toEqual([])
  })

  it('with a permission say which', async () => {
    const on = device()
    await sign(on, raw(1, transfer, number(5, 2)))
    expect(on.shown[0]!.fields.at(-1)).toEqual(['From', `P2 - ${base58(OWNER)}`])
  })

  it('two at once are refused, and none', async () => {
    expect((await sign(device(), contract(1, transfer).repeat(2))).word).toBe(0x6a80)
    expect((await sign(device(), HEAD + TAIL)).word).toBe(0x6a80)
    expect((await sign(device(), '')).word).toBe(0x6a80)
  })

  it('six votes are one too many', async () => {
    const on = device()
    await send(on, 4, 0x00, 0, withPath(PATH, bytes(HEAD)))
    const votes = (count: number): Uint8Array =>
      bytes(contract(4, string(1, OWNER) + string(2, string(1, TO) + number(2, 1)).repeat(count)))
    expect((await send(on, 4, 0x80, 0, votes(6))).word).toBe(0x6a80)
    expect((await send(on, 4, 0x90, 0, votes(5))).word).toBe(0x9000)
  })

  it('an amount of twenty digits is refused', async () => {
    const parameter = string(1, OWNER) + string(2, TO) + number(3, 10n ** 19n)
    expect((await sign(device(), raw(1, parameter))).word).toBe(0x6700)
  })
})

describe('a memo', () => {
  const memo = HEAD + string(10, text('memo')) + contract(1, transfer) + TAIL

  it('needs data', async () => {
    expect((await sign(device(), memo)).word).toBe(0x6a8b)
    const on = device({ data: true })
    expect((await sign(on, memo)).word).toBe(0x9000)
    expect(on.shown[0]).toMatchObject({ warnings: ['Extra data'] })
  })

  it('without a byte is none', async () => {
    const empty = HEAD + string(10, '') + contract(1, transfer) + TAIL
    expect((await sign(device(), empty)).word).toBe(0x9000)
  })
})

describe('chunks', () => {
  const all = bytes(raw(1, transfer))
  const parts = [bytes(HEAD), bytes(contract(1, transfer)), bytes(TAIL)] as const

  it('of whole fields are signed as one', async () => {
    const on = device()
    const whole = await send(on, 4, 0x10, 0, withPath(PATH, all))
    expect(await send(on, 4, 0x00, 0, withPath(PATH, parts[0]))).toEqual({ data: '', word: 0x9000 })
    expect(await send(on, 4, 0x80, 0, parts[1])).toEqual({ data: '', word: 0x9000 })
    expect(await send(on, 4, 0x90, 0, parts[2])).toEqual(whole)
    expect(on.shown[1]).toEqual(on.shown[0])
  })

  it('that cut a field are refused', async () => {
    const on = device()
    const cut = parts[0].length + 5
    expect((await send(on, 4, 0x00, 0, withPath(PATH, all.slice(0, cut)))).word).toBe(0x6a80)
  })

  it('that nobody began are refused', async () => {
    expect((await send(device(), 4, 0x80, 0, parts[1])).word).toBe(0x6b00)
    expect((await send(device(), 4, 0x90, 0, parts[1])).word).toBe(0x6b00)
    expect((await send(device(), 4, 0x42, 0, parts[1])).word).toBe(0x6b00)
    expect((await send(device(), 4, 0x10, 1, withPath(PATH, all))).word).toBe(0x6b00)
  })

  it('are forgotten after the signature', async () => {
    const on = device()
    await sign(on, raw(1, transfer))
    expect((await send(on, 4, 0x90, 0, parts[2])).word).toBe(0x6b00)
  })
})

describe('names of TRC-10 tokens', () => {
  const asset = raw(2, string(1, text('1002000')) + string(2, OWNER) + string(3, TO) + number(4, 1_500_000))
  const name = (value: string, decimals: number): Uint8Array =>
    bytes(string(1, text(value)) + number(2, decimals) + string(3, '3044'))

  it('are shown with the amount in its decimals', async () => {
    const on = device()
    expect((await send(on, 4, 0x00, 0, withPath(PATH, bytes(asset)))).word).toBe(0x9000)
    const { data, word } = await send(on, 4, 0xa8, 0, name('BitTorrent', 6))
    expect(word).toBe(0x9000)
    expect(on.shown[0]!.fields.slice(0, 2)).toEqual([
      ['Amount', '1.5'],
      ['Token', 'BitTorrent[1002000]'],
    ])
    expect(await isSigned(on, sha256(bytes(asset)), data)).toBe(true)
  })

  it('of both sides of an exchange', async () => {
    const on = device()
    const exchange = raw(
      44,
      string(1, OWNER) + number(2, 6) + string(3, text('1000166')) + number(4, 10_000) + number(5, 2_000_000),
    )
    const details =
      number(1, 6) +
      string(2, text('1000166')) +
      string(3, text('CCT')) +
      string(5, text('_')) +
      string(6, text('TRX')) +
      number(7, 6) +
      string(8, '3044')
    await send(on, 4, 0x00, 0, withPath(PATH, bytes(exchange)))
    expect((await send(on, 4, 0xa8, 0, bytes(details))).word).toBe(0x9000)
    expect(on.shown[0]!.fields.slice(0, 4)).toEqual([
      ['Exchange ID', '6'],
      ['Token pair', 'CCT[1000166] -> TRX'],
      ['Amount', '10000'],
      ['Expected', '2'],
    ])
  })

  it('without a signature, of a third token or of another contract are refused', async () => {
    const on = device()
    await send(on, 4, 0x00, 0, withPath(PATH, bytes(asset)))
    expect((await send(on, 4, 0xa8, 0, bytes(string(1, text('a'))))).word).toBe(0x6a80)
    expect((await send(on, 4, 0xaa, 0, name('a', 1))).word).toBe(0x6b00)
    await send(on, 4, 0x00, 0, withPath(PATH, bytes(raw(1, transfer))))
    expect((await send(on, 4, 0xa8, 0, name('a', 1))).word).toBe(0x6a80)
  })
})

describe('hashes', () => {
  it('are signed with the setting alone', async () => {
    const hash = sha256(bytes(raw(1, transfer)))
    expect((await send(device(), 5, 0, 0, withPath(PATH, hash))).word).toBe(0x6a8c)
    const on = device({ signByHash: true })
    const { data } = await send(on, 5, 0, 0, withPath(PATH, hash))
    expect((await sign(on, raw(1, transfer))).data).toBe(data)
    expect(on.shown[0]).toMatchObject({ kind: 'hash', warnings: ['Blind signing'] })
    expect((await send(on, 5, 0, 0, withPath(PATH, hash.slice(1)))).word).toBe(0x6700)
    expect((await send(on, 5, 1, 0, withPath(PATH, hash))).word).toBe(0x6b00)
  })

  it('of typed data are too', async () => {
    const on = device({ signByHash: true })
    const [domain, message] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const { data } = await send(on, 0x0c, 0, 0, withPath(PATH, domain, message))
    expect(await isSigned(on, keccak_256(Uint8Array.of(0x19, 0x01, ...domain, ...message)), data)).toBe(true)
    expect((await send(on, 0x0c, 0, 0, withPath(PATH, domain))).word).toBe(0x6a80)
    expect((await send(on, 0x0c, 0, 1, withPath(PATH, domain, message))).word).toBe(0x6b00)
  })
})

describe('the owner', () => {
  it('refuses', async () => {
    const on = deviceWith(tronDeviceApp(), () => 'refuse')
    expect(await sign(on, raw(1, transfer))).toEqual({ data: '', word: 0x6985 })
  })

  it('is asked before the app learns that it may not use a path', async () => {
    const on = device()
    const other = withPath("44'/60'/0'/0/0", bytes(raw(1, transfer)))
    expect((await send(on, 4, 0x10, 0, other)).word).toBe(0x6982)
    expect(on.shown).toHaveLength(1)
  })
})
