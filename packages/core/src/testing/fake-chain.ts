import type { Account } from '../account.ts'
import type { Chain, TxState } from '../chain.ts'
import type { Draft, DraftFields, Intent, PayIntent } from '../draft.ts'
import type { Effects } from '../effects.ts'
import { CofferError } from '../error.ts'
import { createDraft } from '../forms.ts'
import { jsonObject } from '../plain.ts'
import type { SignedFields } from '../signed.ts'

/** What the fake chain's account and nodes do; a test sets it. */
export interface FakeWorld {
  readonly published: string[]
  /** Answers of `status`, one a question; the last one stays. */
  states: (TxState | Error)[]
  publishError?: Error
}

export type FakeChain = Chain<'fake:1', 'fake', Account<{ to: string; amount: bigint }>>

/**
 * The smallest chain there is, for tests of what stands above chains: a payload is `to:amount:fee`, a signature the
 * payload with a bang. It signs with the key of path `m/0` so that signers can be tried on it too.
 */
export function fakeChain(world: FakeWorld = { published: [], states: [{ state: 'unknown' }] }): FakeChain {
  const coin = { id: 'fake:1/slip44:1', symbol: 'FAKE', name: 'Fake', decimals: 2 } as const
  const parts = (payload: string): { to: string; amount: bigint; fee: bigint } => {
    const match = /^([a-z]+):([0-9]+):([0-9]+)$/.exec(payload)
    if (!match) throw new CofferError({ code: 'INVALID_DRAFT', message: 'Its payload is no fake payload.' })
    return { to: match[1]!, amount: BigInt(match[2]!), fee: BigInt(match[3]!) }
  }
  const inspect = ({ payload }: DraftFields): Effects => {
    const { to, amount, fee } = parts(payload)
    return {
      list: [{ kind: 'transfer', asset: coin.id, from: 'me', to, amount }],
      fee: { asset: coin.id, expected: fee, ceiling: fee, rate: { value: fee, unit: 'weiPerGas' } },
      warnings: [],
      fields: {},
    }
  }
  const chain: FakeChain = {
    id: 'fake:1',
    name: 'fake',
    family: 'fake',
    testnet: true,
    coin,
    assets: [],
    maxFee: 1000n,
    pollInterval: 5,
    path: (index) => `m/${index}`,
    describe: ({ path, fingerprint }) => `[${fingerprint}${path.slice(1)}]fake:1:me`,
    parseAccount: (text) => text,
    parseAddress: (text) => text,
    open: ({ descriptor }) => ({
      chain: 'fake:1',
      descriptor,
      balances: async () => [{ asset: coin, amount: 100n }],
      receive: async () => ({ address: 'me', uri: 'fake:me' }),
      history: async () => ({ items: [], coverage: { fromHeight: 0, coin: true, tokens: true } }),
      create: async ({ to, amount }) => fakeDraft(chain, { to, amount, descriptor }),
    }),
    inspect,
    rebuild: ({ intent, payload }) => {
      const { to, amount } = intent as PayIntent
      return `${to}:${amount}:${parts(payload).fee}`
    },
    parseIntent: (json): Intent => {
      const fields = jsonObject(json, ['kind', 'asset', 'to', 'amount'], (hint) => {
        throw new CofferError({ code: 'INVALID_DRAFT', message: hint })
      })
      return { ...fields, amount: BigInt(fields['amount'] as string) } as unknown as PayIntent
    },
    sign: async (draft, keys) => {
      const { publicKey, ecdsa } = await keys('m/0')
      await ecdsa(new Uint8Array(32).fill(7))
      if (publicKey.length !== 33) throw new CofferError({ code: 'WRONG_ACCOUNT', message: 'No key.' })
      return signedOf(draft)
    },
    checkSigned: ({ raw, txid }) => {
      if (raw !== `${txid}!`) throw new CofferError({ code: 'INVALID_SIGNED', message: 'It is not signed.' })
    },
    publish: async ({ txid }) => {
      if (world.publishError) throw world.publishError
      world.published.push(txid)
      return txid
    },
    status: async () => {
      const state = world.states.length > 1 ? world.states.shift()! : world.states[0]!
      if (state instanceof Error) throw state
      return state
    },
    signMessage: async ({ message }, keys) => {
      const { ecdsa } = await keys('m/0')
      const { signature } = await ecdsa(new Uint8Array(32).fill(String(message).length % 256))
      return Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('')
    },
  }
  return chain
}

export function fakeDraft(
  chain: FakeChain,
  options: { to?: string; amount?: bigint; fee?: bigint; descriptor?: string } = {},
): Draft {
  const { to = 'bob', amount = 25n, fee = 3n, descriptor = '[00000000/0]fake:1:me' } = options
  return createDraft(chain, {
    chain: 'fake:1',
    account: descriptor,
    intent: { kind: 'pay', asset: chain.coin.id, to, amount } as PayIntent,
    payload: `${to}:${amount}:${fee}`,
    hints: {},
  })
}

export function signedOf(draft: Draft): SignedFields {
  return { chain: draft.chain, account: draft.account, txid: draft.payload, raw: `${draft.payload}!` }
}
