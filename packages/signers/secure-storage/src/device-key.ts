/** Public facts by which a device finds its secret again: handles, ids, what it wrapped. Kept in the vault in the clear. */
export type DeviceKeyData = Readonly<Record<string, string>>

export interface DeviceKeyOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * A random secret that a device guards: behind a fingerprint, in a hardware keystore, in a passkey, in an HSM. A vault has a
 * slot for it, and opens when the device gives the secret out.
 *
 * `get` tells apart why it cannot: `STORE_INVALIDATED` (it is gone for good), `STORE_UNAVAILABLE` (not on this device, or not
 * now), `STORE_CANCELLED` (the person said no); anything else is `STORE_FAILED`.
 */
export interface DeviceKey {
  /** What kind of thing it is, lower-case with dashes, such as `webauthn-prf` or `expo-secure-store`. Slots are found by it. */
  readonly name: string
  /** What stands before the secret: a biometric check, a passkey, the device's own lock, or a hardware module. */
  readonly gate: 'biometric' | 'passkey' | 'device' | 'hsm'
  /** True when the secret cannot be copied out of storage without hardware, as a PIN needs it. */
  readonly hardware: boolean
  /** True when it works here and now, found out by trying and not by asking for versions. Never asks the person. */
  available(options?: DeviceKeyOptions): Promise<boolean>
  /** Makes a new secret of 32 bytes. The caller wipes it. */
  create(options?: DeviceKeyOptions): Promise<{ readonly data: DeviceKeyData; readonly secret: Uint8Array }>
  /** Gives the secret that `create` made with this `data`: 32 bytes, the caller's to wipe. */
  get(data: DeviceKeyData, options?: DeviceKeyOptions): Promise<Uint8Array>
  /** Forgets the secret of `data`; in peace when it is gone already. */
  delete(data: DeviceKeyData, options?: DeviceKeyOptions): Promise<void>
}
