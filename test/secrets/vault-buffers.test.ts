import { memoryStore } from '@coffer/core'
import {
  createVault,
  openVault,
  secureStorageSigner,
  type Unlock,
  type Vault,
} from '@coffer/signer-secure-storage'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { memoryKey } from '../../packages/signers/secure-storage/src/vault.fixture.ts'
import { type Found, type Watch, watchBytes } from './bytes.fixture.ts'
import { secretsOf } from './search.fixture.ts'

// Every array that JavaScript makes while a vault is made, opened, used and locked is kept; afterwards none may hold a secret.

const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'
const password = 'seven rivers run east of here'
const PATH = 'm/44h/60h/0h/0/0'
const cost = { memory: 19_456, passes: 2, lanes: 1 }
const encoder = new TextEncoder()
const key = new Uint8Array(32).map((_, i) => i + 1)

const needles: readonly (readonly [string, Uint8Array])[] = [
  ...secretsOf(mnemonic, { paths: [PATH] }).flatMap(({ name, bytes }) =>
    bytes ? [[name, bytes] as const] : [],
  ),
  ['the words', encoder.encode(mnemonic)],
  ['the password', encoder.encode(password)],
  ['the single key', key],
]

let watch: Watch | undefined
afterEach(() => watch?.stop())

function left(more: readonly (readonly [string, Uint8Array])[] = []): readonly Found[] {
  watch?.stop()
  return watch!.find([...needles, ...more])
}

describe('G7: of a vault that was locked, no array is left with', () => {
  const device = memoryKey()
  let made: Vault
  const store = memoryStore()
  beforeAll(async () => {
    made = await createVault({ store, password, cost, secrets: [{ kind: 'mnemonic', mnemonic }] })
    await made.addSlot({ key: device })
    await made.addSlot({ pin: '271828', key: device })
    made.lock()
  })

  it('what it was made of', async () => {
    watch = watchBytes()
    const vault = await createVault({
      store: memoryStore(),
      password,
      cost,
      secrets: [
        { kind: 'mnemonic', mnemonic },
        { kind: 'private-key', privateKey: key.slice() },
      ],
      hiddenRoom: 1024,
    })
    await vault.hide({ password: 'another one of these', secrets: [{ kind: 'mnemonic', mnemonic }] })
    vault.lock()
    // The key that the caller gave is the caller's.
    expect(
      left()
        .filter(({ name, place }) => !(name === 'the single key' && place.includes('vault-buffers')))
        .map(String),
    ).toEqual([])
  }, 60_000)

  it.each<[string, () => Unlock]>([
    ['a password', () => ({ password })],
    ['a device', () => ({ key: device })],
    ['a PIN and a device', () => ({ pin: '271828', key: device })],
  ])(
    'what it was opened with and used for: %s',
    async (_, how) => {
      const vault = await openVault({ store, cost, autoLock: false })
      watch = watchBytes()
      await vault.unlock(how())
      const signer = secureStorageSigner({ vault })
      await signer.publicKey(PATH)
      vault.lock()
      await vault.unlock(how())
      await signer.publicKey('m/44h/60h/0h/0/1')
      signer.dispose()
      const secrets = [...device.held.values()].map((secret) => ['what the device holds', secret] as const)
      expect(left(secrets).map(String)).toEqual([])
    },
    60_000,
  )
})
