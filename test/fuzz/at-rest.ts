import { memoryStore } from '@coffer/core'
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

export const atRestTargets: readonly Target[] = [vaultTarget() as unknown as Target]
