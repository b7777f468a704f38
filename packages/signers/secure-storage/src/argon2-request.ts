export interface Argon2Request {
  readonly password: Uint8Array
  readonly salt: Uint8Array
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly lanes: number
}
