import { regtest } from '@coffer/bitcoin'
import { type ChainRules, isCofferError } from '@coffer/core'
import type { LedgerDevice } from '@coffer/devnet/ledger'
import { ethereum } from '@coffer/evm'
import { tron } from '@coffer/tron'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { approvedDraft } from './approved.fixture.ts'
import { fullDevice } from './conformance.fixture.ts'
import { bitcoinDraft, evmDraft, tronDraft } from './drafts.fixture.ts'
import type { LedgerSigner } from './index.ts'
import { bitcoinApp, ethereumApp, ledgerSigner, tronApp } from './ledgerjs/index.ts'

/** One of a device's answers, and what becomes of it. */
interface Lie {
  readonly which: number
  readonly kind: 'flip' | 'cut' | 'longer' | 'word' | 'empty' | 'other'
  readonly at: number
}
const lie: fc.Arbitrary<Lie> = fc.record({
  which: fc.nat(40),
  kind: fc.constantFrom('flip', 'cut', 'longer', 'word', 'empty', 'other'),
  at: fc.nat(0xffff),
})

function spoil(answer: Buffer, { kind, at }: Lie, before: Buffer): Buffer {
  const bent = Buffer.from(answer)
  switch (kind) {
    case 'flip':
      bent[at % bent.length]! ^= 1 << (at % 8)
      return bent
    case 'cut':
      return bent.subarray(at % bent.length)
    case 'longer':
      return Buffer.concat([bent.subarray(0, -2), Buffer.alloc(at % 100, at), bent.subarray(-2)])
    case 'word':
      bent.writeUInt16BE(at, bent.length - 2)
      return bent
    case 'empty':
      return Buffer.alloc(0)
    case 'other':
      return before
  }
}

function lyingSigner(device: LedgerDevice, told: Lie): LedgerSigner {
  let asked = 0
  let before: Buffer = Buffer.from([0x90, 0x00])
  return ledgerSigner({
    transport: async () => {
      const transport = await device.connect()
      const { exchange } = transport
      transport.exchange = async (apdu) => {
        const answer = await exchange(apdu)
        const given = asked++ === told.which ? spoil(answer, told, before) : answer
        before = answer
        return given
      }
      return transport
    },
    apps: [bitcoinApp(), ethereumApp(), tronApp()],
  })
}

const chains = {
  bitcoin: regtest({ type: 'p2wpkh' }),
  taproot: regtest({ type: 'p2tr' }),
  ethereum: ethereum(),
  tron: tron(),
}
const honest = ledgerSigner({
  transport: fullDevice().connect,
  apps: [bitcoinApp(), ethereumApp(), tronApp()],
})

async function payloadOf(
  name: keyof typeof chains,
): Promise<{ chain: ChainRules; account: string; payload: string }> {
  const chain = chains[name]
  const path = name === 'tron' ? 'm/44h/195h/0h/0/0' : chain.path(0)
  const account = chain.describe(await honest.publicKey(path))
  if (name === 'ethereum') return { chain, account, payload: evmDraft(chains.ethereum, account).payload }
  if (name === 'tron') return { chain, account, payload: tronDraft(chains.tron, account).payload }
  return { chain, account, payload: bitcoinDraft(chains[name], account, { coins: 1 }).payload }
}

/** What came of it: a right result, or an error of ours. Everything else fails, and so does what never ends. */
async function outcome(run: Promise<unknown>, isRight: (result: never) => void): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const never = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It never ended.')), 20_000)
  })
  try {
    isRight((await Promise.race([run, never])) as never)
  } catch (error) {
    if (!isCofferError(error)) throw error
    expect(error.message).toMatch(/\.$/)
  } finally {
    clearTimeout(timer)
  }
}

describe('a device that lies in one of its answers', () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  it.each(Object.keys(chains) as (keyof typeof chains)[])(
    'makes a right transaction on %s, or an error',
    async (name) => {
      const { chain, account, payload } = await payloadOf(name)
      const draft = await approvedDraft(chain, account, payload)
      await fc.assert(
        fc.asyncProperty(lie, async (told) => {
          const signer = lyingSigner(fullDevice(), told)
          await outcome(signer.sign({ chain, draft }), (signed) => chain.checkSigned(signed))
        }),
        { numRuns: 25, seed: 20090103 },
      )
    },
    120_000,
  )

  it('makes a right message, or an error', async () => {
    for (const name of ['bitcoin', 'ethereum', 'tron'] as const) {
      const { chain, account } = await payloadOf(name)
      const wanted = await honest.signMessage!({ chain, account, message: 'hello' })
      await fc.assert(
        fc.asyncProperty(lie, async (told) => {
          const signer = lyingSigner(fullDevice(), { ...told, which: told.which % 8 })
          await outcome(signer.signMessage!({ chain, account, message: 'hello' }), (signature) =>
            expect(signature).toBe(wanted),
          )
        }),
        { numRuns: 20, seed: 20090103 },
      )
    }
  }, 120_000)
})
