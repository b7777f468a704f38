export type { Argon2Worker } from './argon2-in-worker.ts'
export type { AutoLock } from './auto-lock.ts'
export type { DeviceKey, DeviceKeyData, DeviceKeyOptions } from './device-key.ts'
export type { SecretInfo } from './envelope.ts'
export type { KdfCost } from './kdf.ts'
export { createVault, deleteVault, hasVault, openVault } from './open-vault.ts'
export type { AddSecretOptions } from './secrets.ts'
export { type SecureStorageSignerOptions, secureStorageSigner } from './secure-storage-signer.ts'
export type { NewSlot, Unlock } from './slots.ts'
export type {
  CreateVaultOptions,
  LockReason,
  OpenVaultOptions,
  SlotInfo,
  Vault,
} from './vault.ts'
export { type KeyWrapper, wrappedKey } from './wrapped-key.ts'
