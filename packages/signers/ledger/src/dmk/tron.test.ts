import { hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { type Recording, recordings } from '../ledgerjs/replay.fixture.ts'
import { forbidNetwork } from '../no-network.fixture.ts'
import { hex, replayed, wordOf } from './replay.fixture.ts'
import { tronClients } from './tron.ts'

const all = recordings('trx-0.7.1.json')
const PATH = 'm/44h/195h/0h/0/0'

type Client = Awaited<ReturnType<typeof tronClients.connect>>

const METHODS: Readonly<Record<string, (client: Client, args: readonly string[]) => Promise<unknown>>> = {
  signTransaction: async (client, [, raw]) =>
    hex(await client.signTransaction({ path: PATH, raw: hexToBytes(raw!) })),
  signTransactionHash: async (client, [, hash]) =>
    hex(await client.signHash({ path: PATH, hash: hexToBytes(hash!) })),
  signPersonalMessage: async (client, [, message]) =>
    hex(await client.signMessage({ path: PATH, message: hexToBytes(message!) })),
  signTIP712HashedMessage: async (client, [, domainHash, messageHash]) =>
    hex(
      await client.signTypedDataHashes({
        path: PATH,
        domainHash: hexToBytes(domainHash!),
        messageHash: hexToBytes(messageHash!),
      }),
    ),
  getAddress: async (client) => {
    const { publicKey, address } = await client.publicKey({ path: PATH, show: true })
    return { publicKey: hex(publicKey), address }
  },
}

/** Questions about the app itself, which no client is asked. */
const NOT_OURS = ['app-config-off', 'app-and-version']

describe('recordings of the Tron app 0.7.1, by the kit', () => {
  forbidNetwork()
  for (const recording of all) {
    const { id, method, expected, apdus, args } = recording as Recording & { args: string[] }
    if (NOT_OURS.includes(id)) continue
    it(id, async () => {
      const { transport, left } = await replayed(recording)
      const run = METHODS[method]!(await tronClients.connect(transport), args)
      if (expected.error && apdus.length === 0) await expect(run).rejects.toThrow(/too many bytes to encode/i)
      else if (expected.error) expect(await wordOf(run)).toBe(expected.error.statusCode)
      // The byte after r ‖ s is the app's own.
      else if (typeof expected.result === 'string') expect(await run).toBe(expected.result.slice(0, 128))
      else expect(await run).toEqual(expected.result)
      expect(left()).toBe(0)
    })
  }
})
