import { recoverMessageAddress } from 'viem'
import { describe, expect, it } from 'vitest'
import { ethereumDeviceApp } from './ethereum.ts'
import { bytes, deviceWith, hex, send, sendChunks, withPath } from './exchange.fixture.ts'

const PATH = "44'/60'/0'/0/0"
const FROM = '0xDad77910DbDFdE764fC21FCD4E74D71bBACA6D8D'

describe('the configuration', () => {
  it.each([
    [{}, '02011700'],
    [{ blindSigning: true }, '03011700'],
    [{ version: '1.10.2' }, '02010a02'],
  ])('%o', async (options, answer) => {
    expect(await send(deviceWith(ethereumDeviceApp(options)), 0x06, 0, 0)).toEqual({
      data: answer,
      word: 0x9000,
    })
  })
})

describe('addresses', () => {
  it('are shown when they are asked for so', async () => {
    const device = deviceWith(ethereumDeviceApp())
    await send(device, 2, 0, 0, withPath(PATH))
    expect(device.shown).toEqual([])
    await send(device, 2, 1, 0, withPath(PATH))
    expect(device.shown[0]).toMatchObject({ kind: 'address', fields: [['Address', FROM]] })
  })

  it('have the chain code when it is asked for', async () => {
    const device = deviceWith(ethereumDeviceApp())
    const without = await send(device, 2, 0, 0, withPath(PATH))
    const { data } = await send(device, 2, 0, 1, withPath(PATH))
    expect(data.slice(0, without.data.length)).toBe(without.data)
    expect(data.length - without.data.length).toBe(64)
  })

  it.each([
    ['44 and 60', PATH, 0x9000],
    ['an account alone', "44'/60'", 0x9000],
    ['45', "45'/60/0", 0x9000],
    ['a test network', "44'/1'/0'/0/0", 0x6a15],
    ['Tron', "44'/195'/0'/0/0", 0x6a15],
    ['not hardened', '44/60/0/0/0', 0x6a15],
    ['ten steps', "44'/60'/0'/0/0/0/0/0/0/0", 0x9000],
    ['eleven steps', "44'/60'/0'/0/0/0/0/0/0/0/0", 0x6a80],
  ])('of paths: %s', async (_, path, word) => {
    expect((await send(deviceWith(ethereumDeviceApp()), 2, 0, 0, withPath(path))).word).toBe(word)
  })

  it('take the number of a chain after the path, and nothing else', async () => {
    const device = deviceWith(ethereumDeviceApp())
    expect((await send(device, 2, 0, 0, withPath(PATH, new Uint8Array(8)))).word).toBe(0x9000)
    expect((await send(device, 2, 0, 0, withPath(PATH, new Uint8Array(7)))).word).toBe(0x6a80)
    expect((await send(device, 2, 2, 0, withPath(PATH))).word).toBe(0x6b00)
    expect((await send(device, 2, 0, 2, withPath(PATH))).word).toBe(0x6b00)
  })
})

describe('commands', () => {
  it.each([
    [0x12, 0x6a80],
    [0x14, 0x6a80],
    [0x16, 0x6a80],
    [0x22, 0x6a80],
    [0x26, 0x6980],
    [0x36, 0x6a80],
    [0x32, 0x6d00],
    [0x1c, 0x6980],
    [0x1e, 0x6980],
    [0x40, 0x6d00],
  ])('%i without what they need', async (ins, word) => {
    expect((await send(deviceWith(ethereumDeviceApp()), ins, 0, 0xff)).word).toBe(word)
  })

  it('of another class are unknown', async () => {
    const answer = await deviceWith(ethereumDeviceApp()).exchange(bytes('e102000000'))
    expect(hex(answer)).toBe('6e00')
  })

  it('for networks: none was provided', async () => {
    expect(await send(deviceWith(ethereumDeviceApp()), 0x30, 0, 2)).toEqual({ data: '00', word: 0x9000 })
  })
})

describe('messages', () => {
  const message = (text: Uint8Array): Uint8Array => {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, text.length)
    return withPath(PATH, length, text)
  }
  const recovered = (text: Uint8Array, answer: string): Promise<string> =>
    recoverMessageAddress({
      message: { raw: text },
      signature: `0x${answer.slice(2)}${answer.slice(0, 2)}`,
    })

  it.each([1, 229, 230, 231, 485, 2000])('of %i bytes', async (length) => {
    const text = new Uint8Array(length).fill(0x61)
    const device = deviceWith(ethereumDeviceApp())
    const { data, word } = await sendChunks(device, 0x08, message(text))
    expect(word).toBe(0x9000)
    expect(await recovered(text, data)).toBe(FROM)
    expect(device.shown[0]).toMatchObject({ kind: 'message', fields: [['Message', 'a'.repeat(length)]] })
  })

  it('that are no text are shown in hex', async () => {
    const device = deviceWith(ethereumDeviceApp())
    await sendChunks(device, 0x08, message(Uint8Array.of(0x61, 0xff)))
    expect(device.shown[0]!.fields).toEqual([['Message', '0x61ff']])
  })

  it('longer than announced are refused', async () => {
    const device = deviceWith(ethereumDeviceApp())
    const data = Uint8Array.of(...message(Uint8Array.of(1, 2)), 3)
    expect((await send(device, 0x08, 0, 0, data)).word).toBe(0x6a80)
  })

  it('that nobody began are refused', async () => {
    const device = deviceWith(ethereumDeviceApp())
    expect((await send(device, 0x08, 0x80, 0, Uint8Array.of(1))).word).toBe(0x6a80)
    expect((await send(device, 0x08, 0x01, 0, Uint8Array.of(1))).word).toBe(0x6b00)
  })

  it('do not begin while something else does: the first is refused, the next is taken', async () => {
    const device = deviceWith(ethereumDeviceApp())
    const hello = message(bytes('68656c6c6f'))
    expect((await send(device, 0x08, 0, 0, hello.slice(0, 26))).word).toBe(0x9000)
    expect((await send(device, 0x08, 0, 0, hello)).word).toBe(0x6980)
    expect((await send(device, 0x08, 0, 0, hello)).word).toBe(0x9000)
  })

  it('are refused by their owner', async () => {
    const device = deviceWith(ethereumDeviceApp(), () => 'refuse')
    expect((await send(device, 0x08, 0, 0, message(Uint8Array.of(0x61)))).word).toBe(0x6985)
  })
})
