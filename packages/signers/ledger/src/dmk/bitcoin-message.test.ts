import { SignerBtcBuilder } from '@ledgerhq/device-signer-kit-bitcoin'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { outputOf } from './action.ts'
import { signBitcoinMessage } from './bitcoin-message.ts'
import type { DmkTransport } from './link.ts'
import { hex } from './replay.fixture.ts'
import { connectDmk } from './simulator.fixture.ts'

const SIGNATURE = Uint8Array.of(0x1f, ...new Uint8Array(64).fill(7))

/** What the app does to sign: asks for every chunk, proves it against the root, and reads the message. */
function askingDevice() {
  const log: string[] = []
  let read: Uint8Array | undefined
  let step: AsyncGenerator<Uint8Array, Uint8Array, Uint8Array> | undefined

  async function* signing(request: Uint8Array): AsyncGenerator<Uint8Array, Uint8Array, Uint8Array> {
    const after = 1 + 4 * request[0]!
    const wide = request[after]! === 0xfd
    const length = wide ? request[after + 1]! + 256 * request[after + 2]! : request[after]!
    const root = request.slice(-32)
    const size = Math.ceil(length / 64)
    const chunks: Uint8Array[] = []
    for (let index = 0; index < size; index++) {
      const proof = yield Uint8Array.of(0x41, ...root, size, index)
      const leaf = proof.slice(0, 32)
      const siblings = proof.slice(34)
      let hashes = [...siblings]
      while (hashes.length < 32 * proof[32]!) {
        const more = yield Uint8Array.of(0xa0)
        hashes = [...hashes, ...more.slice(2)]
      }
      expect(hex(rootFrom(leaf, index, size, Uint8Array.from(hashes)))).toBe(hex(root))
      const preimage = yield Uint8Array.of(0x40, 0, ...leaf)
      expect(hex(sha256(preimage.slice(2)))).toBe(hex(leaf))
      expect(preimage.slice(0, 3)).toEqual(Uint8Array.of(preimage.length - 2, preimage.length - 2, 0))
      chunks.push(preimage.slice(3))
    }
    read = concatBytes(...chunks)
    expect(read).toHaveLength(length)
    return SIGNATURE
  }

  const exchange = async (apdu: Uint8Array): Promise<Uint8Array> => {
    const [cla] = apdu
    if (cla === 0xb0) return Buffer.from('0107426974636f696e05322e342e3601009000', 'hex')
    log.push(hex(apdu))
    const data = Uint8Array.from(apdu.subarray(5))
    if (cla === 0xe1) step = signing(data)
    const { value, done } = await step!.next(data)
    return Buffer.from([...value, ...(done ? [0x90, 0] : [0xe0, 0])])
  }
  return { connect: async () => ({ exchange, on: () => {} }) as never, log, read: () => read }
}

function rootFrom(leaf: Uint8Array, index: number, size: number, proof: Uint8Array): Uint8Array {
  if (size <= 1) return leaf
  let left = 1
  while (left * 2 < size) left *= 2
  const last = proof.slice(-32)
  const rest = proof.slice(0, -32)
  return index < left
    ? sha256(concatBytes(Uint8Array.of(1), rootFrom(leaf, index, left, rest), last))
    : sha256(concatBytes(Uint8Array.of(1), last, rootFrom(leaf, index - left, size - left, rest)))
}

const path = 'm/84h/0h/0h/0/0'

async function ours(message: Uint8Array) {
  const device = askingDevice()
  const transport: DmkTransport = await connectDmk(device)
  const signature = await signBitcoinMessage(transport, { path, message })
  expect(hex(signature)).toBe(hex(SIGNATURE.slice(1)))
  return device
}

describe('messages for the Bitcoin app', () => {
  it.each([1, 63, 64, 65, 128, 200, 1_000, 5_000, 8_000])(
    '%i bytes: sends what the kit sends',
    async (size) => {
      const text = Array.from({ length: size }, (_, at) => String.fromCharCode(97 + (at % 26))).join('')
      const { log } = await ours(new TextEncoder().encode(text))
      const device = askingDevice()
      const { dmk, sessionId } = await connectDmk(device)
      const signer = new SignerBtcBuilder({ dmk: dmk as never, sessionId }).build()
      await outputOf(() => signer.signMessage("84'/0'/0'/0/0", text, { skipOpenApp: true }) as never)
      expect(log).toEqual(device.log)
    },
  )

  it('bytes that are no text arrive as they are', async () => {
    const message = Uint8Array.of(0, 255, 128, 0xc3, 0x28)
    expect((await ours(message)).read()).toEqual(message)
  })

  it('tells the app nothing that is not of the message', async () => {
    const exchange = async (apdu: Uint8Array) =>
      Buffer.from(
        apdu[0] === 0xb0 ? '0107426974636f696e05322e342e3601009000' : `4000${'11'.repeat(32)}e000`,
        'hex',
      )
    const transport = await connectDmk({ connect: async () => ({ exchange, on: () => {} }) as never })
    const run = signBitcoinMessage(transport, { path, message: Uint8Array.of(1) })
    await expect(run).rejects.toThrow('no part of a message')
  })
})
