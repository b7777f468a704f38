import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createOfflineWallet, hdDerive, hdFromSeed, hdToXprv, memoryStore, nobleEngine } from '@coffer/core'
import { mnemonicToSeed, softwareSigner } from '@coffer/signer-software'
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import { describe, expect, it } from 'vitest'
import { openAccount } from './account.ts'
import { regtest } from './bitcoin.ts'
import { deriveScripts } from './derive.ts'
import { readDescriptor } from './descriptor.ts'
import { fakeChain } from './fake-source.fixture.ts'
import { regtestNetwork } from './networks.ts'
import { draftToPsbt, withPsbtSignatures } from './psbt-draft.ts'
import type { SingleKeyType } from './rules.ts'
import { formatXpub } from './slip132.ts'

/** Electrum as the other wallet, where it is installed (Debian's package `electrum`). */
const installed = ((): boolean => {
  try {
    execFileSync('electrum', ['--offline', 'version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const TYPES: readonly [SingleKeyType, string, number][] = [
  ['p2pkh', 'm/44h/1h/0h', 0x04358394],
  ['p2sh-p2wpkh', 'm/49h/1h/0h', 0x044a4e28],
  ['p2wpkh', 'm/84h/1h/0h', 0x045f18bc],
]
const wallet = createOfflineWallet({ chains: [regtest()], signer: softwareSigner({ mnemonic }) })

async function electrum<T>(folder: string, ...args: string[]): Promise<T> {
  const { stdout } = await promisify(execFile)('electrum', ['--offline', '--regtest', '-D', folder, ...args])
  const text = stdout.trim()
  return (/^[[{"]/.test(text) ? JSON.parse(text) : text) as T
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-electrum-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe.skipIf(!installed)('Electrum (skipped where it is not installed)', () => {
  it.each(TYPES)('agrees on the addresses of %s', async (type) => {
    const account = await wallet.describe('regtest', { type })
    const descriptor = readDescriptor(account, regtestNetwork)
    const xpub = /\](tpub[^/]+)/.exec(account)![1]!
    await inFolder(async (folder) => {
      await electrum(folder, 'restore', formatXpub(xpub, type))
      const source = fakeChain().source
      const ours = openAccount(regtestNetwork, { descriptor: account, source, store: memoryStore() })
      expect(await electrum<string[]>(folder, 'listaddresses', '--receiving')).toEqual(
        ours.addresses({ count: 20 }),
      )
      expect(await electrum<string[]>(folder, 'listaddresses', '--change')).toEqual(
        ours.addresses({ change: true, count: 10 }),
      )
      expect(descriptor.type).toBe(type)
    })
  })

  it.each(TYPES)('signs a PSBT of %s, and we finish it', async (type, path, version) => {
    const root = hdFromSeed(await mnemonicToSeed(mnemonic), nobleEngine)
    const codec = createBase58check(sha256)
    const bytes = codec.decode(hdToXprv(hdDerive(root, path), { testnet: true }))
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, version)

    const account = await wallet.describe('regtest', { type })
    const fake = fakeChain()
    for (const { script } of deriveScripts(readDescriptor(account, regtestNetwork), 0, 0, 2))
      fake.pay([{ script, amount: 600_000n }], 900)
    const opened = openAccount(regtestNetwork, {
      descriptor: account,
      source: fake.source,
      store: memoryStore(),
    })
    const draft = await opened.create({ to: STRANGER, amount: 1_000_000n })
    await inFolder(async (folder) => {
      await electrum(folder, 'restore', codec.encode(bytes))
      const signed = await electrum<string>(
        folder,
        'signtransaction',
        draftToPsbt(draft, { network: regtestNetwork }),
      )
      const ours = await wallet.sign(draft)
      if (signed.startsWith('cHNidP8')) {
        const done = withPsbtSignatures(draft, signed, { network: regtestNetwork })
        regtest().checkSigned(regtest().finish!(done))
      } else {
        // Both are RFC 6979; Electrum grinds for a low r, so that bytes may differ and ids of segwit may not.
        const { txid } = ours
        const theirs = await electrum<{ inputs: unknown[] }>(folder, 'deserialize', signed)
        expect(theirs.inputs).toHaveLength(2)
        if (type === 'p2wpkh') expect(await idOf(signed)).toBe(txid)
        regtest().checkSigned({ ...ours, raw: signed, txid: await idOf(signed) })
      }
    })
  })
})

async function idOf(raw: string): Promise<string> {
  const { decodeTx, txidOf } = await import('./transaction.ts')
  return txidOf(decodeTx(Uint8Array.from(Buffer.from(raw, 'hex'))))
}
