import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { describe, expect, it } from 'vitest'
import { bytes, deviceWith, hex, send, sendChunks, withPath } from './exchange.fixture.ts'
import { tronDeviceApp } from './tron.ts'

const PATH = "44'/195'/0'/0/0"

describe('the configuration', () => {
  it.each([
    [{}, '00000701'],
    [{ data: true }, '01000701'],
    [{ customContract: true }, '02000701'],
    [{ signByHash: true }, '08000701'],
    [{ version: '1.2.3' }, '00010203'],
  ])('%o', async (options, answer) => {
    expect(await send(deviceWith(tronDeviceApp(options)), 0x06, 0, 0)).toEqual({ data: answer, word: 0x9000 })
  })
})

describe('addresses', () => {
  it('have a chain code when it is asked for, and are shown when they are asked for so', async () => {
    const device = deviceWith(tronDeviceApp())
    const without = await send(device, 2, 0, 0, withPath(PATH))
    expect(device.shown).toEqual([])
    const { data } = await send(device, 2, 1, 1, withPath(PATH))
    expect(data.slice(0, without.data.length)).toBe(without.data)
    expect(data.length - without.data.length).toBe(64)
    const shown = Buffer.from(bytes(without.data).slice(67)).toString()
    expect(device.shown[0]).toMatchObject({ kind: 'address', fields: [['Address', shown]] })
  })

  it.each([
    ['44 and 195', PATH, 0, 0x9000],
    ['Ethereum', "44'/60'/0'/0/0", 0, 0x6982],
    ['a test network', "44'/1'/0'/0/0", 0, 0x6982],
    ['eleven steps', "44'/195'/0'/0/0/0/0/0/0/0/0", 0, 0x6a8a],
    ['another P2', PATH, 2, 0x6b00],
  ])('of paths: %s', async (_, path, p2, word) => {
    expect((await send(deviceWith(tronDeviceApp()), 2, 0, p2, withPath(path))).word).toBe(word)
  })
})

describe('commands', () => {
  it('that the app does not know', async () => {
    const device = deviceWith(tronDeviceApp())
    expect((await send(device, 0x1c, 0, 0)).word).toBe(0x6d00)
    expect(hex(await device.exchange(bytes('e102000000')))).toBe('6e00')
  })
})

describe('messages', () => {
  const message = (text: Uint8Array): Uint8Array => {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, text.length)
    return withPath(PATH, length, text)
  }

  it.each([1, 230, 231, 1000])('of %i bytes', async (length) => {
    const text = new Uint8Array(length).fill(0x62)
    const device = deviceWith(tronDeviceApp())
    const { data } = await sendChunks(device, 0x08, message(text))
    const hash = keccak_256(
      Uint8Array.from(Buffer.concat([Buffer.from(`\x19TRON Signed Message:\n${length}`), text])),
    )
    const signature = Uint8Array.from([Number.parseInt(data.slice(128), 16), ...bytes(data.slice(0, 128))])
    const key = secp256k1.recoverPublicKey(signature, hash, { prehash: false })
    const { data: answer } = await send(device, 2, 0, 0, withPath(PATH))
    expect(hex(secp256k1.Point.fromBytes(key).toBytes(false))).toBe(answer.slice(2, 132))
    expect(device.shown[0]!.fields[0]).toEqual(['Message hash', hex(hash)])
  })

  it('longer than announced, or that nobody began, are refused', async () => {
    const device = deviceWith(tronDeviceApp())
    const data = Uint8Array.of(...message(Uint8Array.of(1)), 2)
    expect((await send(device, 0x08, 0, 0, data)).word).toBe(0x6700)
    expect((await send(device, 0x08, 0x80, 0, Uint8Array.of(1))).word).toBe(0x6700)
    expect((await send(device, 0x08, 0x01, 0, data)).word).toBe(0x6b00)
    expect((await send(device, 0x08, 0, 0, Uint8Array.of(1))).word).toBe(0x6a8a)
  })

  it('are refused by their owner', async () => {
    const device = deviceWith(tronDeviceApp(), () => 'refuse')
    expect((await send(device, 0x08, 0, 0, message(Uint8Array.of(1)))).word).toBe(0x6985)
  })
})
