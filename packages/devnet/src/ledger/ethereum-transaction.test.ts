import {
  getAddress,
  type Hex,
  recoverTransactionAddress,
  serializeTransaction,
  type TransactionSerializable,
} from 'viem'
import { describe, expect, it } from 'vitest'
import type { LedgerDevice } from './device.ts'
import { ethereumDeviceApp } from './ethereum.ts'
import { bytes, deviceWith, hex, send, sendChunks, withPath } from './exchange.fixture.ts'

const PATH = "44'/60'/0'/0/0"
const FROM = '0xDad77910DbDFdE764fC21FCD4E74D71bBACA6D8D'
const USDT = '0xdac17f958d2ee523a2206206994597c13d831ec7'
const DEAD = '0x000000000000000000000000000000000000dead'
const SIGNATURE =
  '3044022078c66ccea3e4dedb15a24ec3c783d7b582cd260daf62fd36afe9a8212a344aed0220160ba8c1c4b6a8aa6565bed20632a091aeeeb7bfdac67fc6589a6031acbf511c'

const word = (value: bigint | number): string => value.toString(16).padStart(64, '0')
const call = (selector: string, to: string, amount: bigint): Hex =>
  `0x${selector}${to.slice(2).padStart(64, '0')}${word(amount)}`
const token = (ticker: string, address: string, decimals: number, chainId: number): Uint8Array =>
  bytes(
    `${ticker.length.toString(16).padStart(2, '0')}${hex(new TextEncoder().encode(ticker))}${address.slice(2)}` +
      `${word(decimals).slice(-8)}${word(chainId).slice(-8)}${SIGNATURE}`,
  )

const BASE = {
  type: 'eip1559',
  chainId: 1,
  nonce: 7,
  gas: 65000n,
  maxFeePerGas: 30_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
  to: DEAD,
} as const

const sign = (
  device: LedgerDevice,
  transaction: TransactionSerializable,
  size = 255,
): Promise<{ data: string; word: number }> =>
  sendChunks(device, 0x04, withPath(PATH, bytes(serializeTransaction(transaction))), size)

/** Who signed, from what the app answered. */
async function signer(transaction: TransactionSerializable, answer: string): Promise<string> {
  const signature = {
    yParity: Number.parseInt(answer.slice(0, 2), 16),
    r: `0x${answer.slice(2, 66)}`,
    s: `0x${answer.slice(66, 130)}`,
  } as const
  return recoverTransactionAddress({
    serializedTransaction: serializeTransaction(transaction, signature) as never,
  })
}

describe('transactions', () => {
  it.each<[string, TransactionSerializable]>([
    [
      'EIP-2930',
      {
        ...BASE,
        type: 'eip2930',
        gasPrice: 5n,
        maxFeePerGas: undefined,
        maxPriorityFeePerGas: undefined,
      } as never,
    ],
    ['EIP-1559', { ...BASE, value: 12345n, accessList: [{ address: USDT, storageKeys: [`0x${word(1)}`] }] }],
    [
      'EIP-7702',
      {
        ...BASE,
        type: 'eip7702',
        authorizationList: [
          {
            address: DEAD,
            chainId: 1,
            nonce: 1,
            yParity: 0,
            r: `0x${'11'.repeat(32)}`,
            s: `0x${'22'.repeat(32)}`,
          },
        ],
      },
    ],
  ])('of type %s are signed with a parity', async (_, transaction) => {
    const device = deviceWith(ethereumDeviceApp())
    const { data, word } = await sign(device, transaction)
    expect(word).toBe(0x9000)
    expect(await signer(transaction, data)).toBe(FROM)
  })

  it('show what they do', async () => {
    const device = deviceWith(ethereumDeviceApp())
    await sign(device, { ...BASE, chainId: 56, value: 10n ** 16n })
    expect(device.shown[0]).toEqual({
      app: 'Ethereum',
      kind: 'transaction',
      fields: [
        ['From', FROM],
        ['Amount', '0.01 BNB'],
        ['To', getAddress(DEAD)],
        ['Max fees', '0.00195 BNB'],
        ['Network', 'BSC'],
      ],
      warnings: [],
      deed: 'approve',
    })
  })

  it.each([
    [27, '', ''],
    [37, '01', '8080'],
    [0x13, '8512345678 90'.replace(' ', ''), '8080'],
  ])('of the old kind have %i or one more in the first byte', async (low, v, rest) => {
    const fields = `078501 2a05f200825208 94${DEAD.slice(2)} 01 80`.replaceAll(' ', '')
    const end = v === '' ? '808080' : `${v}${rest}`
    const list = `${fields}${end}`
    const data = bytes(`${(0xc0 + list.length / 2).toString(16)}${list}`)
    const { data: answer, word } = await send(deviceWith(ethereumDeviceApp()), 4, 0, 0, withPath(PATH, data))
    expect(word).toBe(0x9000)
    expect([low, low + 1]).toContain(Number.parseInt(answer.slice(0, 2), 16))
  })

  it('are the same in chunks of any size', async () => {
    const transaction = { ...BASE, data: `0x${'00'.repeat(3)}${'ab'.repeat(600)}` } as const
    const device = deviceWith(ethereumDeviceApp({ blindSigning: true }))
    const whole = await sign(device, transaction)
    for (const size of [200, 128, 90]) expect(await sign(device, transaction, size), `${size}`).toEqual(whole)
    expect(await signer(transaction, whole.data)).toBe(FROM)
  })

  it('are refused by the app where a chunk ends within the selector', async () => {
    const transaction = { ...BASE, data: '0xdeadbeef01' } as const
    const all = withPath(PATH, bytes(serializeTransaction(transaction)))
    const selector = hex(all).indexOf('deadbeef') / 2
    const device = deviceWith(ethereumDeviceApp({ blindSigning: true }))
    for (const size of [selector, selector + 3])
      expect((await sign(device, transaction, size)).word, `${size}`).toBe(0x6a80)
    for (const size of [selector - 1, selector + 4])
      expect((await sign(device, transaction, size)).word, `${size}`).toBe(0x9000)
  })

  it('that are not whole are asked for more, and forgotten when another begins', async () => {
    const device = deviceWith(ethereumDeviceApp())
    const data = withPath(PATH, bytes(serializeTransaction(BASE)))
    expect(await send(device, 4, 0, 0, data.slice(0, 40))).toEqual({ data: '', word: 0x9000 })
    const { data: answer } = await send(device, 4, 0, 0, data)
    expect(await signer(BASE, answer)).toBe(FROM)
    expect((await send(device, 4, 0x80, 0, data)).word).toBe(0x6980)
  })

  it.each([
    ['an unknown type', '03c0', 0x6501],
    ['nothing', '', 0x6a80],
    ['a string', '0285', 0x6a80],
    ['a list where a number should be', '02c3c0c0c0', 0x6a80],
    ['a number of more than 32 bytes', `02e2a1${'11'.repeat(33)}`, 0x6a80],
    ['an address of 21 bytes', `02dc0101010101 95${'11'.repeat(21)}`.replace(' ', ''), 0x6a80],
    ['a length of five bytes', '02fc0000000001', 0x6a80],
  ])('%s is refused', async (_, data, word) => {
    const device = deviceWith(ethereumDeviceApp())
    expect((await send(device, 4, 0, 0, withPath(PATH, bytes(data)))).word).toBe(word)
    expect(device.shown).toEqual([])
  })

  it('longer or shorter than their list are refused', async () => {
    const device = deviceWith(ethereumDeviceApp())
    const raw = serializeTransaction(BASE).slice(2)
    expect((await send(device, 4, 0, 0, withPath(PATH, bytes(`${raw}00`)))).word).toBe(0x6a80)
    const shorter = bytes(raw)
    shorter[1]! -= 1
    expect((await send(device, 4, 0, 0, withPath(PATH, shorter))).word).toBe(0x6a80)
  })

  it('of another path are refused before anything is shown', async () => {
    const device = deviceWith(ethereumDeviceApp())
    const data = withPath("44'/1'/0'/0/0", bytes(serializeTransaction(BASE)))
    expect((await send(device, 4, 0, 0, data)).word).toBe(0x6a15)
    expect(device.shown).toEqual([])
  })

  it('that their owner refuses are answered 6985', async () => {
    const device = deviceWith(ethereumDeviceApp(), () => 'refuse')
    expect(await sign(device, BASE)).toEqual({ data: '', word: 0x6985 })
  })
})

describe('data that the app cannot show', () => {
  const data: Hex[] = ['0xdeadbeef', '0x01', `0x${'ab'.repeat(700)}`]

  it.each(data.map((data) => ({ length: data.length / 2 - 1, data })))(
    'of $length bytes needs a setting',
    async ({ data }) => {
      const off = deviceWith(ethereumDeviceApp())
      expect((await sign(off, { ...BASE, data })).word).toBe(0x6a80)
      expect(off.shown).toEqual([])
      const on = deviceWith(ethereumDeviceApp({ blindSigning: true }))
      const { data: answer } = await sign(on, { ...BASE, data })
      expect(await signer({ ...BASE, data }, answer)).toBe(FROM)
      expect(on.shown[0]).toMatchObject({ warnings: ['Blind signing'] })
    },
  )

  it('is the code of a contract too', async () => {
    const transaction = { ...BASE, to: null, data: '0x60006000f3' } as const
    expect((await sign(deviceWith(ethereumDeviceApp()), transaction)).word).toBe(0x6a80)
    const on = deviceWith(ethereumDeviceApp({ blindSigning: true }))
    expect((await sign(on, transaction)).word).toBe(0x9000)
    expect(on.shown[0]!.fields).toContainEqual(['To', 'Contract'])
  })
})

describe('calls of tokens', () => {
  const transfer = { ...BASE, to: USDT, data: call('a9059cbb', DEAD, 1_234_567n) } as const
  const approve = { ...BASE, to: USDT, data: call('095ea7b3', DEAD, 2n ** 256n - 1n) } as const

  it('are shown when the token was described', async () => {
    const device = deviceWith(ethereumDeviceApp())
    expect(await send(device, 0x0a, 0, 0, token('USDT', USDT, 6, 1))).toEqual({ data: '00', word: 0x9000 })
    const { data } = await sign(device, transfer)
    expect(await signer(transfer, data)).toBe(FROM)
    expect(device.shown[0]).toMatchObject({
      fields: [
        ['Send', '1.234567 USDT'],
        ['To', getAddress(DEAD)],
        ['Max fees', '0.00195 ETH'],
      ],
      warnings: [],
    })
  })

  it('without a limit say so', async () => {
    const device = deviceWith(ethereumDeviceApp())
    await send(device, 0x0a, 0, 0, token('USDT', USDT, 6, 1))
    await sign(device, approve)
    expect(device.shown[0]!.fields.slice(0, 2)).toEqual([
      ['Approve', 'Unlimited USDT'],
      ['Approve to', getAddress(DEAD)],
    ])
  })

  it('forget the token afterwards', async () => {
    const device = deviceWith(ethereumDeviceApp())
    await send(device, 0x0a, 0, 0, token('USDT', USDT, 6, 1))
    expect((await sign(device, transfer)).word).toBe(0x9000)
    expect((await sign(device, transfer)).word).toBe(0x6a80)
  })

  it('of another token are not shown', async () => {
    const device = deviceWith(ethereumDeviceApp())
    await send(device, 0x0a, 0, 0, token('USDC', DEAD, 6, 1))
    expect((await sign(device, transfer)).word).toBe(0x6a80)
  })

  it('that send coins too are refused whatever the settings', async () => {
    const device = deviceWith(ethereumDeviceApp({ blindSigning: true }))
    expect((await sign(device, { ...transfer, value: 1n })).word).toBe(0x6a80)
  })

  it('have room for two words more', async () => {
    const device = deviceWith(ethereumDeviceApp({ blindSigning: true }))
    const longer = (words: number): TransactionSerializable => ({
      ...transfer,
      data: `${transfer.data}${'07'.repeat(32 * words)}`,
    })
    expect((await sign(device, longer(2))).word).toBe(0x9000)
    expect((await sign(device, longer(3))).word).toBe(0x6a80)
  })

  it.each([
    ['cut short', token('USDT', USDT, 6, 1).slice(0, 30)],
    ['without a signature', token('USDT', USDT, 6, 1).slice(0, 33)],
    ['with a signature cut short', token('USDT', USDT, 6, 1).slice(0, -1)],
    ['of an unknown chain', token('USDT', USDT, 6, 31337)],
    ['empty', new Uint8Array()],
  ])('with a descriptor %s are not described', async (_, data) => {
    expect((await send(deviceWith(ethereumDeviceApp()), 0x0a, 0, 0, data)).word).toBe(0x6a80)
  })
})
