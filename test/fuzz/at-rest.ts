import { readWalletBackup, type WalletBackup, writeWalletBackup } from '@coffer/backup'
import { decryptKeystore, encryptKeystore } from '@coffer/backup/keystore'
import { combineSlip39, splitSlip39 } from '@coffer/backup/slip39'
import { type ChainRules, memoryStore } from '@coffer/core'
import { watchList } from '@coffer/core/watch'
import { ethereum } from '@coffer/evm'
import { createVault, openVault, type Vault } from '@coffer/signer-secure-storage'
import { CHEAP, memoryKey } from '../../packages/signers/secure-storage/src/vault.fixture.ts'
import type { Target } from './check.ts'
import { mnemonic } from './drafts.ts'
import * as shape from './shapes.ts'

// Keys at rest: whatever was done to them, they open as they were written or not at all.

const PASSWORD = 'five words are good here'
const key = memoryKey()

/** Opened by a device, so that no time goes into passwords. */
function vaultTarget(): Target<Vault> {
  return {
    name: 'vault',
    threat: 'G6',
    runs: 800,
    corpus: async () => {
      const store = memoryStore()
      const secrets = [{ kind: 'mnemonic', mnemonic } as const]
      const vault = await createVault({ store, password: PASSWORD, secrets, cost: CHEAP, hiddenRoom: 1024 })
      await vault.addSlot({ key })
      return [(await store.get('vault'))!]
    },
    shapes: [shape.json()],
    decode: async (text: string) => {
      const store = memoryStore()
      await store.set('vault', text)
      const vault = await openVault({ store, cost: CHEAP, autoLock: false })
      await vault.unlock({ key })
      return vault
    },
    accept: (vault) =>
      vault.secrets.length === 1 && vault.secrets[0]?.kind === 'mnemonic'
        ? undefined
        : 'it holds something else',
  }
}

/** What an encrypted backup holds: only its own words are read. */
function backupTarget(): Target<WalletBackup> {
  return {
    name: 'wallet-backup',
    threat: 'G8',
    runs: 2_000,
    corpus: () => [
      writeWalletBackup({
        v: 1,
        createdAt: '2026-01-31T12:00:00.000Z',
        secrets: [
          { kind: 'mnemonic', mnemonic, passphrase: 'a', language: 'english', id: 'a', label: 'main' },
          { kind: 'xprv', xprv: 'xprv', origin: { fingerprint: 'd34db33f', path: 'm' }, testnet: true },
          { kind: 'private-key', privateKey: new Uint8Array(32).fill(7), birth: { 'eip155:1': 19_000_000 } },
        ],
        accounts: [{ chain: 'eip155:1', index: 0, type: 'a', secret: 'a', label: 'b', descriptor: 'c' }],
        labels: { c: '{}' },
      }),
    ],
    shapes: [shape.json()],
    decode: (text: string) => readWalletBackup(text),
    encode: writeWalletBackup,
    stable: true,
  }
}

const keystoreKey = new Uint8Array(32).fill(9)

/** The same key or none. */
function keystoreTarget(): Target<Uint8Array> {
  return {
    name: 'keystore',
    threat: 'G6',
    runs: 500,
    corpus: async () => [
      await encryptKeystore(keystoreKey, { password: PASSWORD, scrypt: { n: 2, r: 1, p: 1 } }),
    ],
    shapes: [shape.json()],
    decode: (text: string) => decryptKeystore(text, { password: PASSWORD }),
    accept: (key) => (key.every((byte) => byte === 9) ? undefined : 'it gave another key'),
  }
}

function slip39Target(): Target<Uint8Array> {
  return {
    name: 'slip39',
    threat: 'G6',
    runs: 500,
    corpus: async () => {
      const groups = [{ threshold: 1, count: 1 }]
      const made = await splitSlip39(keystoreKey, { groups, iterationExponent: 0 })
      return made.flat()
    },
    shapes: [shape.split(' ')],
    decode: (text: string) => combineSlip39([text]),
  }
}

function watchTarget(): Target {
  const chains: readonly ChainRules[] = [ethereum()]
  return {
    name: 'watch-list',
    threat: 'G8',
    runs: 1_000,
    corpus: async () => {
      const store = memoryStore()
      const list = watchList({ store, chains })
      await list.add('0x70997970C51812dc3A010C7d01b50e0d17dc79C8', { label: 'a', group: 'b', secret: 'c' })
      return [(await store.get('watch'))!]
    },
    shapes: [shape.json()],
    decode: async (text: string) => {
      const store = memoryStore()
      await store.set('watch', text)
      return watchList({ store, chains }).entries()
    },
  }
}

export const atRestTargets: readonly Target[] = [
  vaultTarget() as unknown as Target,
  backupTarget() as unknown as Target,
  keystoreTarget() as unknown as Target,
  slip39Target() as unknown as Target,
  watchTarget(),
]
