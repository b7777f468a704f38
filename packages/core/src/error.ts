import { jsonable } from './jsonable.ts'

/** Every reason for which Coffer refuses or fails. A code never changes its meaning; new ones may be added. */
export type ErrorCode =
  // what the caller gave
  | 'INVALID_REQUEST'
  | 'INVALID_AMOUNT'
  | 'INVALID_ADDRESS'
  | 'INVALID_CHAIN'
  | 'INVALID_ASSET'
  | 'INVALID_ACCOUNT'
  | 'INVALID_PATH'
  | 'INVALID_MNEMONIC'
  | 'INVALID_KEY'
  | 'INVALID_JSON'
  | 'INVALID_DRAFT'
  | 'INVALID_SIGNED'
  | 'INVALID_URI'
  | 'INVALID_TYPED_DATA'
  | 'INVALID_SIGNATURE'
  | 'UNKNOWN_CHAIN'
  | 'UNKNOWN_ASSET'
  | 'UNSUPPORTED'
  // how the wallet was put together
  | 'NO_SOURCE'
  | 'NO_SIGNER'
  | 'NO_RANDOMNESS'
  | 'WEAK_RANDOMNESS'
  | 'MISSING_DEPENDENCY'
  // signing
  | 'DRAFT_MISMATCH'
  | 'NOT_APPROVED'
  | 'POLICY_REFUSED'
  | 'POLICY_DELAYED'
  | 'WRONG_ACCOUNT'
  | 'SIGNER_REFUSED'
  | 'SIGNER_DISPOSED'
  | 'SIGNATURE_WRONG'
  | 'SIGNATURES_MISSING'
  // a device that signs
  | 'DEVICE_LOCKED'
  | 'DEVICE_DISCONNECTED'
  | 'DEVICE_BUSY'
  | 'DEVICE_WRONG_APP'
  | 'DEVICE_APP_MISSING'
  | 'DEVICE_APP_OLD'
  | 'DEVICE_SETTING'
  | 'DEVICE_INVALID_DATA'
  | 'DEVICE_FAILED'
  | 'ADDRESS_MISMATCH'
  | 'ACCOUNT_NOT_REGISTERED'
  // the network
  | 'ABORTED'
  | 'TIMEOUT'
  | 'NETWORK'
  | 'RATE_LIMITED'
  | 'BAD_RESPONSE'
  | 'RPC_ERROR'
  | 'CHAIN_MISMATCH'
  | 'SOURCES_FAILED'
  | 'NODES_DISAGREE'
  // the chain
  | 'INSUFFICIENT_FUNDS'
  | 'EXECUTION_REVERTED'
  | 'TOKEN_MISMATCH'
  | 'TOKEN_UNREADABLE'
  | 'FEE_TOO_LOW'
  | 'FEE_TOO_HIGH'
  | 'NONCE_TAKEN'
  | 'COIN_TAKEN'
  | 'FEE_UNKNOWN'
  | 'BROADCAST_REJECTED'
  | 'BROADCAST_UNKNOWN'
  | 'PAYMENT_FAILED'
  | 'PAYMENT_REPLACED'
  | 'PAYMENT_DROPPED'
  | 'PAYMENT_EXPIRED'
  | 'PAYMENT_OPEN'
  // storage
  | 'STORE_FAILED'
  | 'STORE_UNAVAILABLE'
  | 'STORE_INVALIDATED'
  | 'STORE_CANCELLED'
  | 'STORE_FULL'
  // keys at rest
  | 'VAULT_MISSING'
  | 'VAULT_EXISTS'
  | 'VAULT_LOCKED'
  | 'VAULT_FULL'
  | 'VAULT_CHANGED'
  | 'UNLOCK_FAILED'
  | 'TOO_MANY_ATTEMPTS'
  | 'WEAK_PASSWORD'
  | 'INVALID_BACKUP'
  | 'BACKUP_MISMATCH'
  | 'WATCH_ONLY'
  // local chains, programs
  | 'DEVNET_UNAVAILABLE'
  | 'DEVNET_FAILED'
  | 'INTERNAL'

export interface CofferErrorOptions {
  readonly code: ErrorCode
  /** One sentence that tells a person what is wrong and what to do. Never holds a secret. */
  readonly message: string
  /** Public facts for programs: plain JSON values and bigints. Never holds a secret. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
  /** True when the very same call may succeed later. */
  readonly retryable?: boolean
}

/**
 * The one error of every Coffer package. Tell errors apart with {@link isCofferError} and `code`, not with
 * `instanceof`, which breaks when two copies of the package are installed.
 *
 * @example
 * try { await wallet.sign(draft) } catch (error) {
 *   if (isCofferError(error, 'POLICY_REFUSED')) console.log(error.message)
 * }
 */
export class CofferError extends Error {
  override readonly name = 'CofferError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly retryable: boolean
  /** Where the documentation explains this code. */
  readonly docsPath: string

  constructor(options: CofferErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code
    this.details = options.details ?? {}
    this.retryable = options.retryable ?? false
    this.docsPath = `docs/guide/errors.md#${options.code.toLowerCase()}`
  }

  /** The public face: code, message, details with bigints as decimal strings. Leaves the cause out. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      details: jsonable(this.details),
      retryable: this.retryable,
      docsPath: this.docsPath,
    }
  }
}

/** True when `value` is a Coffer error, of one of `codes` when any are given. Works across package copies. */
export function isCofferError(value: unknown, ...codes: ErrorCode[]): value is CofferError {
  if (typeof value !== 'object' || value === null) return false
  const error = value as { name?: unknown; code?: unknown }
  if (error.name !== 'CofferError' || typeof error.code !== 'string') return false
  return codes.length === 0 || (codes as string[]).includes(error.code)
}
