import { regtest } from '@coffer/bitcoin'
import { createWallet, type Draft } from '@coffer/core'
import { ethereum, ethereumNetwork, makeDraft as evmDraft } from '@coffer/evm'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'
import { tronDevnet, tronDevnetNetwork, makeDraft as tronDraft } from '@coffer/tron'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

// Where chance comes from: `crypto.getRandomValues` for words and for the auxiliary bytes of Schnorr, and nothing for all else.

const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'
const chains = [ethereum(), regtest(), tronDevnet()] as const
const NOW = Date.now()

/** A generator that gives one stream of bytes, always the same. */
function stream(start: number) {
  let state = start
  return vi.fn((array: Uint8Array) => {
    for (let i = 0; i < array.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      array[i] = state >>> 16
    }
    return array
  })
}

/** Another clock and another `Math.random` for whoever asks them. */
function turnWorld(turn: number): { readonly random: () => number } {
  const random = vi.spyOn(Math, 'random').mockReturnValue(turn / 10)
  // Not so far that what expires would be refused.
  vi.useFakeTimers({ now: NOW + turn * 1_000, toFake: ['Date', 'performance', 'hrtime'] })
  return { random }
}

beforeEach(() => void turnWorld(0))
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** All that one wallet signs without chance, and what it signs with it. */
async function signAll(): Promise<{ readonly fixed: unknown; readonly schnorr: string }> {
  const wallet = createWallet({
    chains,
    signer: softwareSigner({ mnemonic }),
    policy: { maxFee: { 'eip155:1': 10n ** 18n } },
  })
  const describe = (name: string, type?: string) => wallet.describe(name, { type })
  const [onEthereum, onTron] = [await describe('ethereum'), await describe('tron-devnet')]
  const intent = { kind: 'pay', amount: 1n } as const
  const drafts: Draft[] = [
    evmDraft(
      ethereumNetwork,
      onEthereum,
      { ...intent, asset: ethereumNetwork.coin.id, to: '0x000000000000000000000000000000000000a11c' },
      { nonce: 7n, gasLimit: 21_000n, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n },
    ),
    tronDraft(
      tronDevnetNetwork,
      onTron,
      { ...intent, asset: tronDevnetNetwork.coin.id, to: 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8' },
      {
        refBlockBytes: '1a2b',
        refBlockHash: '00112233aabbccdd',
        timestamp: BigInt(NOW),
        expiration: BigInt(NOW + 600_000),
        feeLimit: 0n,
      },
    ),
  ]
  const fixed = [
    ...(await Promise.all(drafts.map((draft) => wallet.sign(draft)))),
    await wallet.signMessage(onEthereum, 'hello'),
    await wallet.signMessage(onTron, 'hello'),
    ...(await Promise.all(
      ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh'].map(async (type) =>
        wallet.signMessage(await describe('regtest', type), 'hello'),
      ),
    )),
  ]
  return { fixed, schnorr: await wallet.signMessage(await describe('regtest', 'p2tr'), 'hello') }
}

describe('G4: with other clocks and another Math.random', () => {
  it('words are the same when the generator gives the same', () => {
    const made = [0, 1, 2].map((turn) => {
      const { random } = turnWorld(turn)
      vi.stubGlobal('crypto', { getRandomValues: stream(1) })
      const words = [12, 15, 18, 21, 24].map((words) => generateMnemonic({ words: words as 12 }))
      expect(random).not.toHaveBeenCalled()
      return words.join('\n')
    })
    expect(new Set(made).size).toBe(1)
    vi.stubGlobal('crypto', { getRandomValues: stream(2) })
    expect(generateMnemonic()).not.toBe(made[0]!.split('\n')[0])
  })

  it('every signature is the same, and Schnorr is when its auxiliary bytes are', async () => {
    const signed = []
    for (const turn of [0, 1, 2]) {
      const { random } = turnWorld(turn)
      const generator = stream(7)
      vi.stubGlobal('crypto', { getRandomValues: generator, subtle: globalThis.crypto.subtle })
      signed.push(await signAll())
      expect(generator).toHaveBeenCalled()
      expect(random).not.toHaveBeenCalled()
    }
    expect(signed[1]).toEqual(signed[0])
    expect(signed[2]).toEqual(signed[0])
    vi.stubGlobal('crypto', { getRandomValues: stream(8) })
    const other = await signAll()
    expect(other.fixed).toEqual(signed[0]!.fixed)
    expect(other.schnorr).not.toBe(signed[0]!.schnorr)
  })
})

/** How a generator can be missing or broken, and what is said of it. */
const BROKEN: [string, unknown, string][] = [
  ['no crypto', undefined, 'NO_RANDOMNESS'],
  ['no getRandomValues', {}, 'NO_RANDOMNESS'],
  ['a generator that throws', { getRandomValues: throwing }, 'NO_RANDOMNESS'],
  ['one that fills in nothing: all zeros', { getRandomValues: (array: unknown) => array }, 'WEAK_RANDOMNESS'],
  ['one that gives one byte', { getRandomValues: (array: Uint8Array) => array.fill(7) }, 'WEAK_RANDOMNESS'],
  ['one that gives another byte each time', { getRandomValues: counting() }, 'WEAK_RANDOMNESS'],
  [
    'one that gives the same bytes twice',
    { getRandomValues: (array: Uint8Array) => stream(1)(array) },
    'WEAK_RANDOMNESS',
  ],
  ['one that is good once, and zeros after', { getRandomValues: goodOnce() }, 'WEAK_RANDOMNESS'],
]

describe.each(BROKEN)('G4: with %s', (_, crypto, code) => {
  it('no words are made, whatever else there is', () => {
    vi.stubGlobal('crypto', crypto)
    const { random } = turnWorld(1)
    for (const words of [12, 24] as const)
      expect(() => generateMnemonic({ words })).toThrow(expect.objectContaining({ code }))
    expect(random).not.toHaveBeenCalled()
  })

  it('Schnorr signs nothing', async () => {
    const wallet = createWallet({ chains, signer: softwareSigner({ mnemonic }) })
    const account = await wallet.describe('regtest', { type: 'p2tr' })
    vi.stubGlobal('crypto', crypto)
    await expect(wallet.signMessage(account, 'hello')).rejects.toMatchObject({ code })
  })

  // Its signatures have no chance in them, but noble hides its multiplications behind some.
  it(`ECDSA ${code === 'NO_RANDOMNESS' ? 'is refused as well' : 'is what it always is'}`, async () => {
    const wallet = createWallet({ chains, signer: softwareSigner({ mnemonic }) })
    const account = await wallet.describe('ethereum')
    const expected = await wallet.signMessage(account, 'hello')
    vi.stubGlobal('crypto', crypto)
    const again = await wallet.signMessage(account, 'hello').catch(({ code }) => code)
    expect(again).toBe(code === 'NO_RANDOMNESS' ? code : expected)
  })
})

function throwing(): never {
  throw new Error('no entropy')
}

function counting(): (array: Uint8Array) => Uint8Array {
  let n = 0
  return (array) => array.fill(++n)
}

function goodOnce(): (array: Uint8Array) => Uint8Array {
  const good = stream(3)
  let calls = 0
  return (array) => (calls++ % 2 === 0 ? good(array) : array)
}
