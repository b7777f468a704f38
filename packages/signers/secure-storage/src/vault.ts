import type { Secret, SignOptions, Store } from '@coffer/core'
import type { Argon2Worker } from './argon2-in-worker.ts'
import type { AutoLock } from './auto-lock.ts'
import type { SecretInfo } from './envelope.ts'
import type { Generation } from './generations.ts'
import type { KdfCost } from './kdf.ts'
import type { AddSecretOptions } from './secrets.ts'
import type { NewSlot, Unlock } from './slots.ts'

export type LockReason = 'asked' | 'idle' | 'background' | 'changed'

/** A way to open a vault, as it stands in it. */
export interface SlotInfo {
  readonly id: string
  readonly type: 'password' | 'pin' | 'device' | 'recovery'
  /** The `name` of the device key, where there is one. */
  readonly key?: string
}

/** Secrets at rest in a store, encrypted under one data key that several ways lead to. */
export interface Vault {
  /** Of the vault, not of its owner: random. */
  readonly id: string
  readonly state: 'locked' | 'unlocked'
  /** Which of the two vaults is open, where there is room for a hidden one. Not for the screen. */
  readonly part: 'outer' | 'hidden' | undefined
  /** What is in it, without anything secret. Known while it is locked unless it shows nothing. */
  readonly secrets: readonly SecretInfo[]
  /** How it can be opened. */
  readonly slots: readonly SlotInfo[]

  /**
   * Opens it. Throws `UNLOCK_FAILED` (wrong, or the vault was changed: they look alike), `TOO_MANY_ATTEMPTS`, `UNSUPPORTED`
   * when it has no such slot, and of device keys `STORE_INVALIDATED`, `STORE_UNAVAILABLE`, `STORE_CANCELLED`.
   */
  unlock(how: Unlock, options?: SignOptions): Promise<void>
  /** Wipes the data key and every key that came of it. */
  lock(): void
  /** Calls `listener` after it was locked, with the reason, or unlocked. Returns a function that ends that. */
  on(event: 'lock', listener: (reason: LockReason) => void): () => void
  on(event: 'unlock', listener: () => void): () => void
  /** Somebody is at work: idle time begins anew. */
  touch(): void

  /** Keeps one more secret. Throws `INVALID_MNEMONIC`, `INVALID_KEY`, `VAULT_LOCKED`, `VAULT_FULL`. */
  add(secret: Secret & AddSecretOptions): Promise<SecretInfo>
  /** Forgets a secret, in both generations of the vault. */
  remove(id: string): Promise<void>
  /** The secret itself, for a backup or its owner's eyes; `how` opens the vault once more, whoever holds the device now. */
  reveal(id: string, how: Unlock, options?: SignOptions): Promise<Secret>

  /** Throws `UNLOCK_FAILED` for a wrong old one, `WEAK_PASSWORD` for a short new one. */
  changePassword(change: { readonly password: string; readonly newPassword: string }): Promise<void>
  /** Adds a way to open it. A recovery code is in the answer, and nowhere else. */
  addSlot(slot: NewSlot, options?: SignOptions): Promise<SlotInfo & { readonly recoveryCode?: string }>
  /** Takes a way away; never the last password or recovery code, since devices lose what they hold. */
  removeSlot(id: string): Promise<void>
  /** Takes a new data key, for the ways in `keep`; every other way is gone, and so is what a thief of the old key could read. */
  rotate(keep: readonly Unlock[], options?: SignOptions): Promise<void>
  /**
   * Puts a second vault into the room for it, under a password of its own, in place of one that may be there. Which of the two
   * opens is decided by the password alone; nothing tells whether there is a second one.
   */
  hide(hidden: {
    readonly password: string
    readonly secrets: readonly (Secret & AddSecretOptions)[]
  }): Promise<void>
  /** Wrong tries since the last right one, and the seconds to wait. */
  attempts(): Promise<{ readonly failures: number; readonly retryAfter: number }>
}

export interface OpenVaultOptions {
  readonly store: Store
  /** Where in the store; `vault` when not given. */
  readonly name?: string | undefined
  /** When it locks by itself; `false`: never. */
  readonly autoLock?: AutoLock | false | undefined
  /** What a password costs from now on; a cheaper one is written anew when it is typed. 64 MiB in 3 passes when not given. */
  readonly cost?: KdfCost | undefined
  /** Makes a worker of the app's own for passwords, where a content security policy allows no `blob:` workers; see `serveArgon2`. */
  readonly worker?: (() => Argon2Worker) | undefined
  /** `previous`: the vault as it was before its last change, when the current one is damaged. */
  readonly generation?: Generation | undefined
}

export interface CreateVaultOptions extends Omit<OpenVaultOptions, 'generation'> {
  /** Eight characters or more. */
  readonly password: string
  /** What to keep; more can be added later. */
  readonly secrets?: readonly (Secret & AddSecretOptions)[] | undefined
  /** True when not given: labels and public keys stand in the clear, so that balances show while it is locked. */
  readonly showWhileLocked?: boolean | undefined
  /** Bytes for the secrets of each of two vaults; 16,384 hold about 60. Without it there is none but this one. */
  readonly hiddenRoom?: number | undefined
}
