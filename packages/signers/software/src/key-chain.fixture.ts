import {
  type Account,
  type AccountDescriptor,
  type ApprovedDraft,
  authorise,
  type Chain,
  CofferError,
  createDraft,
  type Draft,
  formatOrigin,
  memoryStore,
  nobleEngine,
  type PayIntent,
  type PublicKey,
  splitOrigin,
} from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** A chain for tests whose addresses are public keys, and whose signatures are real. A payload is `to:amount`. */
export function keyChain(): Chain<'keys:1', 'keys'> {
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
      if (!nobleEngine.ecdsaVerify(signature, messageHash(txid), read(account).publicKey, Number(raw[0])))
        throw new CofferError({ code: 'INVALID_SIGNED', message: 'It is not signed by its account.' })
    },
    publish: async ({ txid }) => txid,
    status: async () => ({ state: 'unknown' }),
    signMessage: async ({ account, message }, keys) => {
      const { ecdsa } = await keys(read(account).path)
      return toHex((await ecdsa(messageHash(message))).signature)
    },
    verifyMessage: ({ address, message, signature }) =>
      nobleEngine.ecdsaVerify(fromHex(signature), messageHash(message), fromHex(address)),
    signTypedData: async ({ account, typedData }, keys) => {
      const { ecdsa } = await keys(read(account).path)
      return toHex((await ecdsa(messageHash(JSON.stringify(typedData)))).signature)
    },
  }
}

export async function keyDraft(
  key: PublicKey,
  { amount = 5n }: { amount?: bigint } = {},
): Promise<ApprovedDraft> {
  const chain = keyChain()
  const draft = rawDraft(key, amount)
  return (await authorise({ chain, draft, policy: {}, accept: [], store: memoryStore() })).draft
}

/** The same, before anybody approved it. */
export function rawDraft(key: PublicKey, amount = 5n): Draft {
  const chain = keyChain()
  return createDraft(chain, {
    chain: chain.id,
    account: chain.describe(key),
    intent: { kind: 'pay', asset: chain.coin.id, to: 'bob', amount } as PayIntent,
    payload: `bob:${amount}`,
    hints: {},
  })
}
