import { hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import type { BitcoinClient } from '../clients.ts'
import { type Recording, recordings } from '../ledgerjs/replay.fixture.ts'
import { forbidNetwork } from '../no-network.fixture.ts'
import { bitcoinClients } from './bitcoin.ts'
import { hex, replayed, wordOf } from './replay.fixture.ts'

const all = [...recordings('btc-mainnet-2.4.6.json'), ...recordings('btc-ledger-bitcoin-0.3.1.json')]

/** What is recorded and no client is asked, or not in these bytes, with the reason. */
const NOT_OURS: Readonly<Record<string, string>> = {
  'app-and-version': 'asked by the signer, not by a client',
  'address-44': 'clients are asked for addresses of policies alone',
  'address-49': 'as address-44',
  'address-86': 'as address-44',
  'sign-psbt-44': 'a way of hw-app-btc: the same with a policy is sign-psbt-ledger-bitcoin-44',
  'sign-psbt-84': 'a way of hw-app-btc: the same with a policy is sign-psbt-lb-84-lb031',
  'sign-psbt-86': 'a failure of hw-app-btc',
  'sign-psbt-86-v0-known': 'a way of hw-app-btc',
  'sign-psbt-84-bare-known': 'a way of hw-app-btc',
  'sign-psbt-84-no-nonwitness': 'a way of hw-app-btc',
  'sign-psbt-84-rejected': 'a way of hw-app-btc',
  'eth-cla-on-btc': 'a command of another app',
  'unknown-ins': 'no such command is ever sent',
}

type Args = Recording['args']

const METHODS: Readonly<Record<string, (client: BitcoinClient, args: Args) => Promise<unknown>>> = {
  getMasterFingerprint: (client) => client.fingerprint(),
  getWalletXpub: (client, [{ path }]) => client.xpub(`m/${path}`),
  getExtendedPubkey: (client, [path]) => client.xpub(path),
  getWalletAddress: (client, args) => METHODS['AppClient.getWalletAddress']!(client, args),
  'AppClient.getWalletAddress': (client, [template, key, , keychain, index, show]) =>
    client.address({
      policy: { name: '', template, keys: [key] },
      hmac: undefined,
      keychain,
      index,
      show,
    }),
  'AppClient.signPsbt': async (client, [psbt, template, key]) => {
    const policy = { name: '', template, keys: [key] }
    const signed = await client.signPsbt({ psbt, policy, hmac: undefined })
    return signed.map(({ input, signature }) => [input, hex(signature)])
  },
  registerWallet: (client, args) => METHODS['AppClient.registerWallet']!(client, args),
  'AppClient.registerWallet': async (client, [name, template, keys]) =>
    hex(await client.register({ name, template, keys })),
  signMessage: async (client, [path, message]) => {
    const signature = hex(await client.signMessage({ path: `m/${path}`, message: hexToBytes(message) }))
    return { r: signature.slice(0, 64), s: signature.slice(64) }
  },
}

/** The results of `ledgerjs` in the form of ours. */
function expectedOf({ method, expected: { result } }: Recording): unknown {
  if (method.endsWith('signPsbt'))
    return (result as [number, { signature: string }][]).map(([input, { signature }]) => [input, signature])
  if (method.endsWith('registerWallet')) return result[1]
  if (method === 'signMessage') return { r: result.r, s: result.s }
  return result
}

/** What the kit sends of what `ledgerjs` sent. */
function byTheKit({ method, apdus }: Recording): Recording['apdus'] {
  const own = apdus
    // The other library asks for the version of the app.
    .filter(([command]) => command !== 'b001000000')
    // To "no such key" the other library adds an index, which the app does not look at.
    .map(
      ([command, answer]) =>
        [command.replace(/^f801000[01]020000$/, 'f80100010100'), answer] as (typeof apdus)[number],
    )
  if (method !== 'AppClient.registerWallet') return own
  // The other library goes on and compares the first address of the new account.
  return own.slice(
    0,
    own.findIndex(([command]) => command.startsWith('e103')),
  )
}

describe('recordings of the Bitcoin apps 2.4.6, by the kit', () => {
  forbidNetwork()
  for (const recording of all) {
    const { id, method, expected, apdus, args } = recording
    if (id in NOT_OURS) continue
    it(id, async () => {
      const { transport, left } = await replayed({ ...recording, apdus: byTheKit(recording) })
      const run = METHODS[method]!(await bitcoinClients.connect(transport), args)
      if (expected.error) expect(await wordOf(run)).toBe(`0x${apdus.at(-1)![1]}`)
      else expect(await run).toEqual(expectedOf(recording))
      expect(left()).toBe(0)
    })
  }
})

describe('in a page without Buffer', () => {
  it('says what to install', async () => {
    const { Buffer } = globalThis
    const { transport } = await replayed({ app: all[0]!.app, apdus: [] })
    try {
      Object.assign(globalThis, { Buffer: undefined })
      await expect(bitcoinClients.connect(transport)).rejects.toMatchObject({
        code: 'MISSING_DEPENDENCY',
        details: { package: 'buffer' },
      })
    } finally {
      Object.assign(globalThis, { Buffer })
    }
  })
})
