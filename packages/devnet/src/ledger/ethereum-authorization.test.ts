import { getAddress } from 'viem'
import { recoverAuthorizationAddress } from 'viem/utils'
import { describe, expect, it } from 'vitest'
import { ethereumDeviceApp } from './ethereum.ts'
import { bytes, deviceWith, send, withPath } from './exchange.fixture.ts'

const PATH = "44'/60'/0'/0/0"
const FROM = '0xDad77910DbDFdE764fC21FCD4E74D71bBACA6D8D'
const DELEGATE = '4cd241e8d1510e30b2076397afc7508ae59c66c9'
const NOBODY = '00'.repeat(20)

const tlv = (tag: number, value: string): string =>
  `${tag.toString(16).padStart(2, '0')}${(value.length / 2).toString(16).padStart(2, '0')}${value}`
const u64 = (value: number): string => value.toString(16).padStart(16, '0')
const request = (tags: string): Uint8Array =>
  withPath(PATH, bytes((tags.length / 2).toString(16).padStart(4, '0')), bytes(tags))
const authorization = (delegate: string, chainId: number, nonce: number): Uint8Array =>
  request(tlv(0, '01') + tlv(1, delegate) + tlv(2, u64(chainId)) + tlv(3, u64(nonce)))

const app = (): ReturnType<typeof ethereumDeviceApp> => ethereumDeviceApp({ smartAccounts: true })

describe('EIP-7702 authorizations', () => {
  it.each([
    [0, 0],
    [1, 1],
    [1, 127],
    [56, 128],
    [11155111, 70000],
  ])('for chain %i with nonce %i', async (chainId, nonce) => {
    const { data, word } = await send(deviceWith(app()), 0x34, 1, 0, authorization(DELEGATE, chainId, nonce))
    expect(word).toBe(0x9000)
    const signer = await recoverAuthorizationAddress({
      authorization: { address: `0x${DELEGATE}`, chainId, nonce },
      signature: {
        yParity: Number.parseInt(data.slice(0, 2), 16),
        r: `0x${data.slice(2, 66)}`,
        s: `0x${data.slice(66)}`,
      },
    })
    expect(signer).toBe(FROM)
  })

  it('are shown', async () => {
    const device = deviceWith(app())
    await send(device, 0x34, 1, 0, authorization(DELEGATE, 0, 0))
    await send(device, 0x34, 1, 0, authorization(NOBODY, 1, 0))
    expect(device.shown.map(({ kind, fields }) => [kind, ...fields])).toEqual([
      [
        'authorization',
        ['Account', getAddress(FROM)],
        ['Delegate to', 'Simple7702Account'],
        ['Delegate on network', 'All'],
      ],
      ['authorization', ['Account', getAddress(FROM)], ['Revoke on network', 'Ethereum']],
    ])
  })

  it('need a setting and a delegate that the app knows', async () => {
    const off = deviceWith(ethereumDeviceApp({ blindSigning: true }))
    expect((await send(off, 0x34, 1, 0, authorization(DELEGATE, 1, 0))).word).toBe(0x6980)
    const device = deviceWith(app())
    expect((await send(device, 0x34, 1, 0, authorization('12'.repeat(20), 1, 0))).word).toBe(0x6980)
    expect(device.shown).toEqual([])
  })

  it.each([
    ['no version', tlv(1, DELEGATE) + tlv(2, u64(1)) + tlv(3, u64(1)), 0x6a80],
    ['another version', tlv(0, '02') + tlv(1, DELEGATE) + tlv(2, u64(1)) + tlv(3, u64(1)), 0x6a80],
    ['no nonce', tlv(0, '01') + tlv(1, DELEGATE) + tlv(2, u64(1)), 0x6a80],
    ['a tag twice', tlv(0, '01').repeat(2) + tlv(1, DELEGATE) + tlv(2, u64(1)) + tlv(3, u64(1)), 0x6a80],
    ['a delegate cut short', tlv(0, '01') + tlv(1, '12') + tlv(2, u64(1)) + tlv(3, u64(1)), 0x6a80],
    ['an unknown tag', tlv(0, '01') + tlv(9, '01'), 0x6a80],
    ['a value cut short', '000101020801', 0x6a80],
    ['nothing', '', 0x6a00],
  ])('with %s are refused', async (_, tags, word) => {
    expect((await send(deviceWith(app()), 0x34, 1, 0, request(tags))).word).toBe(word)
  })

  it('that nobody began are refused', async () => {
    expect((await send(deviceWith(app()), 0x34, 0, 0, Uint8Array.of(1))).word).toBe(0x6a00)
  })

  it('are refused by their owner', async () => {
    const device = deviceWith(app(), () => 'refuse')
    expect((await send(device, 0x34, 1, 0, authorization(DELEGATE, 1, 0))).word).toBe(0x6985)
  })
})
