import { sha256 } from '@noble/hashes/sha2.js'
import type { Account } from '../account.ts'
import { type ApprovedDraft, authorise } from '../approve.ts'
import type { Chain } from '../chain.ts'
import type { AccountDescriptor, Draft, PayIntent } from '../draft.ts'
import type { Engine } from '../engine.ts'
import { CofferError } from '../error.ts'
import { createDraft } from '../forms.ts'
import type { PublicKey } from '../keys.ts'
import { formatOrigin, splitOrigin } from '../path.ts'
import { memoryStore } from '../store.ts'

/**
 * A chain for the tests of signers: its addresses are public keys, its signatures are real and verified by `engine`, its payload is
 * `to:amount`.
 *
 * @example
 * signerConformance({ describe, it }, { name, make, chain: keyChain(nobleEngine), paths: ['m/44h/1h/0h/0/0', …], draft: keyChainDraft })
 */
export function keyChain(engine: Engine): Chain<'keys:1', 'keys'> {
  const coin = { id: 'keys:1/slip44:1', symbol: 'KEY', name: 'Key', decimals: 0 } as const
  const read = (account: AccountDescriptor) => {
    const { origin, rest } = splitOrigin(account)
    return { path: origin?.path ?? 'm', publicKey: fromHex(rest.split(':')[2] ?? '') }
  }
  const messageHash = (message: string | Uint8Array) =>
    sha256(typeof message === 'string' ? new TextEncoder().encode(message) : message)
  return {
    id: 'keys:1',
    name: 'keys',
    family: 'keys',
    testnet: true,
    coin,
    assets: [],
    maxFee: 100n,
    pollInterval: 1,
    path: (index) => `m/44h/1h/${index}h/0/0`,
    describe: ({ publicKey, fingerprint, path }) =>
      `${formatOrigin(fingerprint, path)}keys:1:${toHex(publicKey)}`,
    parseAccount: (text) => text,
    parseAddress: (text) => text,
    open: () => ({}) as Account,
    inspect: ({ payload }) => {
      const [to = '', amount = '0'] = payload.split(':')
      return {
        list: [{ kind: 'transfer', asset: coin.id, from: 'me', to, amount: BigInt(amount) }],
        fee: { asset: coin.id, expected: 1n, ceiling: 1n, rate: { value: 1n, unit: 'weiPerGas' } },
        warnings: [],
        fields: {},
      }
    },
    rebuild: ({ intent }) => `${(intent as PayIntent).to}:${(intent as PayIntent).amount}`,
    parseIntent: (json) => json as PayIntent,
    sign: async (draft, keys) => {
      const { path } = read(draft.account)
      const { ecdsa } = await keys(path)
      const { signature, recovery } = await ecdsa(messageHash(draft.payload))
      return {
        chain: draft.chain,
        account: draft.account,
        txid: draft.payload,
        raw: `${recovery}${toHex(signature)}`,
      }
    },
    checkSigned: ({ account, txid, raw }) => {
      const signature = fromHex(raw.slice(1))
      if (!engine.ecdsaVerify(signature, messageHash(txid), read(account).publicKey, Number(raw[0])))
        throw new CofferError({ code: 'INVALID_SIGNED', message: 'It is not signed by its account.' })
    },
    publish: async ({ txid }) => txid,
    status: async () => ({ state: 'unknown' }),
    signMessage: async ({ account, message }, keys) => {
      const { ecdsa } = await keys(read(account).path)
      return toHex((await ecdsa(messageHash(message))).signature)
    },
    verifyMessage: ({ address, message, signature }) =>
      engine.ecdsaVerify(fromHex(signature), messageHash(message), fromHex(address)),
    signTypedData: async ({ account, typedData }, keys) => {
      const { ecdsa } = await keys(read(account).path)
      return toHex((await ecdsa(messageHash(JSON.stringify(typedData)))).signature)
    },
  }
}

/** A draft of the account of `key` on {@link keyChain}, approved. */
export async function approvedKeyChainDraft(
  key: PublicKey,
  { amount = 5n }: { amount?: bigint } = {},
): Promise<ApprovedDraft> {
  const chain = keyChain(NONE)
  const draft = keyChainDraft(key, amount)
  return (await authorise({ chain, draft, policy: {}, accept: [], store: memoryStore() })).draft
}

/** The same, before anybody approved it. */
export function keyChainDraft(key: PublicKey, amount = 5n): Draft {
  const chain = keyChain(NONE)
  return createDraft(chain, {
    chain: chain.id,
    account: chain.describe(key),
    intent: { kind: 'pay', asset: chain.coin.id, to: 'bob', amount } as PayIntent,
    payload: `bob:${amount}`,
    hints: {},
  })
}

const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length >> 1 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))

/** For drafts, of which nothing is verified. */
const NONE = {} as Engine
