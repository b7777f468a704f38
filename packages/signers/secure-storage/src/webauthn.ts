import { CofferError, isCofferError, randomBytes } from '@coffer/core'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromBase64, toBase64, utf8 } from './bytes.ts'
import type { DeviceKey, DeviceKeyOptions } from './device-key.ts'

export interface WebauthnKeyOptions {
  /** What the person is shown: the name of the app. */
  readonly rpName: string
  /** A domain; that of the page when not given. A passkey works on this domain alone. */
  readonly rpId?: string | undefined
  /** What the passkey is called in the person's list; `wallet` when not given. */
  readonly userName?: string | undefined
  /** Milliseconds that the person has; 120,000 when not given. */
  readonly timeout?: number | undefined
}

/**
 * A device key that a passkey guards: its secret comes of the PRF extension of WebAuthn, after the person was verified by
 * fingerprint, face or PIN of the device. Chrome, Edge, Safari 18.4 and Firefox 139 and later; not in the WebView of Android.
 *
 * A person who says no and a passkey that was deleted look alike to a page: both are `STORE_CANCELLED`. An authenticator without
 * PRF is `STORE_UNAVAILABLE`.
 *
 * @example
 * await vault.addSlot({ key: webauthnKey({ rpName: 'My wallet' }) })
 * await vault.unlock({ key: webauthnKey({ rpName: 'My wallet' }) })
 * @see https://www.w3.org/TR/webauthn-3/#prf-extension
 */
export function webauthnKey(options: WebauthnKeyOptions): DeviceKey {
  const { rpName, rpId, userName = 'wallet', timeout = 120_000 } = options

  const evaluate = async (
    id: Uint8Array,
    salt: Uint8Array,
    { signal }: DeviceKeyOptions,
  ): Promise<Uint8Array> => {
    const credential = await asked(signal, () =>
      credentials().get({
        ...(signal && { signal }),
        publicKey: {
          challenge: buffer(randomBytes(32)),
          allowCredentials: [{ type: 'public-key', id: buffer(id) }],
          userVerification: 'required',
          timeout,
          ...(rpId !== undefined && { rpId }),
          extensions: { prf: { eval: { first: buffer(salt) } } },
        },
      }),
    )
    return secretOf(credential) ?? refuse()
  }

  return {
    name: 'webauthn-prf',
    gate: 'passkey',
    hardware: true,
    available: async () => {
      const { PublicKeyCredential } = globalThis as { PublicKeyCredential?: WithCapabilities }
      if (!PublicKeyCredential || !(globalThis as { isSecureContext?: boolean }).isSecureContext) return false
      const known = await PublicKeyCredential.getClientCapabilities?.().catch(() => undefined)
      // Those that do not say it may have it all the same; making one tells.
      return known?.['extension:prf'] ?? true
    },
    create: async (given = {}) => {
      const { signal } = given
      const salt = randomBytes(32)
      const credential = await asked(signal, () =>
        credentials().create({
          ...(signal && { signal }),
          publicKey: {
            challenge: buffer(randomBytes(32)),
            rp: { name: rpName, ...(rpId !== undefined && { id: rpId }) },
            user: { id: buffer(randomBytes(16)), name: userName, displayName: userName },
            // What every authenticator has; nobody checks its signatures.
            pubKeyCredParams: [
              { type: 'public-key', alg: -7 },
              { type: 'public-key', alg: -257 },
            ],
            authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
            timeout,
            extensions: { prf: { eval: { first: buffer(salt) } } },
          },
        }),
      )
      const { prf } = credential.getClientExtensionResults()
      if (prf?.enabled !== true) refuse()
      const id = new Uint8Array(credential.rawId)
      // Some authenticators evaluate at once; of others it is asked again.
      const secret = secretOf(credential) ?? (await evaluate(id, salt, given))
      return { data: { id: toBase64(id), salt: toBase64(salt) }, secret }
    },
    get: async ({ id = '', salt = '' }, given = {}) => evaluate(bytesOf(id), bytesOf(salt), given),
    // A page cannot delete a passkey: the person does, in the settings of the device.
    delete: async () => {},
  }
}

interface WithCapabilities {
  getClientCapabilities?(): Promise<Record<string, boolean>>
}

function credentials(): CredentialsContainer {
  const { navigator, isSecureContext } = globalThis as { navigator?: Navigator; isSecureContext?: boolean }
  if (navigator?.credentials && isSecureContext && 'PublicKeyCredential' in globalThis)
    return navigator.credentials
  throw new CofferError({
    code: 'STORE_UNAVAILABLE',
    message: 'There are no passkeys here: the page must be served over https, by a browser that has them.',
  })
}

async function asked(
  signal: AbortSignal | undefined,
  question: () => Promise<Credential | null>,
): Promise<PublicKeyCredential> {
  try {
    const answer = await question()
    if (answer) return answer as PublicKeyCredential
    throw new DOMException('nothing', 'NotAllowedError')
  } catch (error) {
    if (isCofferError(error)) throw error
    throw translated(error, signal)
  }
}

/** What a slot keeps of its passkey. */
function bytesOf(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch {
    throw new CofferError({
      code: 'STORE_INVALIDATED',
      message: 'What the vault keeps of the passkey was changed. Unlock in another way, and add it anew.',
    })
  }
}

/** The PRF's output, mixed so that it is of no use to another program that knows the salt. */
function secretOf(credential: PublicKeyCredential): Uint8Array | undefined {
  const first = credential.getClientExtensionResults().prf?.results?.first
  if (!first) return undefined
  const bytes = ArrayBuffer.isView(first)
    ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength)
    : new Uint8Array(first)
  const secret = hkdf(sha256, bytes, undefined, utf8('coffer webauthn prf'), 32)
  bytes.fill(0)
  return secret
}

function refuse(): never {
  throw new CofferError({
    code: 'STORE_UNAVAILABLE',
    message: 'This passkey gives no secrets (it has no PRF). Use another authenticator, or a password.',
  })
}

function translated(error: unknown, signal: AbortSignal | undefined): CofferError {
  const { name = 'unknown error' } = error as { readonly name?: string }
  if (signal?.aborted) return new CofferError({ code: 'ABORTED', message: 'Cancelled.', cause: error })
  if (name === 'NotAllowedError')
    return new CofferError({
      code: 'STORE_CANCELLED',
      message: 'The passkey was not given: it was refused, took too long, or is no longer there.',
      cause: error,
    })
  if (name === 'NotSupportedError' || name === 'SecurityError' || name === 'ConstraintError')
    return new CofferError({
      code: 'STORE_UNAVAILABLE',
      message: `This device or page cannot use passkeys (${name}). Use another way.`,
      cause: error,
    })
  return new CofferError({
    code: 'STORE_FAILED',
    message: `The passkey failed (${name}). Try again.`,
    cause: error,
  })
}

const buffer = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>
