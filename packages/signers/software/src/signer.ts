import {
  assertApprovedFor,
  type ChainRules,
  CofferError,
  type Draft,
  type Engine,
  formatPath,
  type KeyRing,
  type Keys,
  type PublicKey,
  parsePath,
  type Signer,
  throwIfAborted,
} from '@coffer/core'
import { type SecretKey, signEcdsa, signSchnorr } from './verified.ts'

/** Keys that are ready for use. */
export interface OpenKeys {
  /** A key of its own for the caller to wipe; throws `INVALID_PATH`. */
  derive(path: readonly number[]): SecretKey & { readonly public: PublicKey }
  wipe(): void
}

/** Where the keys of a signer come from. */
export interface KeySource {
  readonly keys: Signer['keys']
  /** Called before the first key is needed, and again only when it failed. What it needed can be wiped afterwards. */
  open(): OpenKeys | Promise<OpenKeys>
  /** Wipes what `open` needs. */
  close(): void
}

type Leaf = SecretKey & { readonly public: PublicKey }

/** So many derived keys are kept, more than a transaction has inputs; the oldest is wiped when one more comes. */
const KEPT = 2048

/** Reads a private key; the only way to one. It cannot be reached from the signer itself. */
const exits = new WeakMap<Signer, (path: string) => Promise<Uint8Array>>()

/** The one implementation behind every software signer. Secrets live in this closure and nowhere else. */
export function makeSigner(source: KeySource, engine: Engine): Signer {
  let disposed = false
  let opening: Promise<OpenKeys> | undefined
  let opened: OpenKeys | undefined
  const leaves = new Map<string, Leaf>()

  const alive = (): void => {
    if (disposed)
      throw new CofferError({
        code: 'SIGNER_DISPOSED',
        message: 'This signer was disposed and its keys are gone. Make a new one.',
      })
  }

  const ready = async (signal: AbortSignal | undefined): Promise<void> => {
    alive()
    throwIfAborted(signal)
    if (!opened) {
      opening ??= Promise.resolve(source.open())
      try {
        const keys = await opening
        if (disposed) keys.wipe()
        else opened = keys
      } catch (error) {
        opening = undefined
        alive()
        throw error
      }
    }
    alive()
    throwIfAborted(signal)
  }

  /** Synchronous: `ready` came before, and dispose may have come in between. */
  const leafAt = (path: string): Leaf => {
    alive()
    const known = leaves.get(path)
    if (known) leaves.delete(path)
    const leaf = known ?? opened!.derive(parsePath(path))
    leaves.set(path, leaf)
    if (leaves.size > KEPT) {
      const [oldest] = leaves
      if (oldest) forget(leaves, ...oldest)
    }
    return leaf
  }

  const keyRing =
    (signal: AbortSignal | undefined): KeyRing =>
    async (text, bulk) => {
      const path = formatPath(parsePath(text))
      await ready(signal)
      const keys: Keys = {
        publicKey: Uint8Array.from(leafAt(path).publicKey),
        ecdsa: (hash) => signEcdsa(engine, leafAt(path), hash, bulk),
        schnorr: (hash, { tweak } = {}) => signSchnorr(engine, leafAt(path), hash, tweak, bulk),
      }
      return keys
    }

  const checkDraft = (chain: ChainRules, draft: Draft, signal: AbortSignal | undefined): void => {
    alive()
    throwIfAborted(signal)
    assertApprovedFor(chain, draft)
  }

  const signer: Signer = {
    name: 'software',
    keys: source.keys,
    publicKey: async (text, { signal } = {}) => {
      alive()
      const path = formatPath(parsePath(text))
      await ready(signal)
      const { publicKey, chainCode, ...rest } = leafAt(path).public
      return {
        ...rest,
        publicKey: Uint8Array.from(publicKey),
        ...(chainCode && { chainCode: Uint8Array.from(chainCode) }),
      }
    },
    sign: async ({ chain, draft }, { signal } = {}) => {
      checkDraft(chain, draft, signal)
      return chain.sign(draft, keyRing(signal))
    },
    cosign: async ({ chain, draft }, { signal } = {}) => {
      checkDraft(chain, draft, signal)
      if (!chain.cosign) throw unable(chain, 'accounts of several keys')
      return chain.cosign(draft, keyRing(signal))
    },
    signMessage: async ({ chain, ...request }, { signal } = {}) => {
      alive()
      throwIfAborted(signal)
      if (!chain.signMessage) throw unable(chain, 'messages')
      return chain.signMessage(request, keyRing(signal))
    },
    signTypedData: async ({ chain, ...request }, { signal } = {}) => {
      alive()
      throwIfAborted(signal)
      if (!chain.signTypedData) throw unable(chain, 'typed data')
      return chain.signTypedData(request, keyRing(signal))
    },
    dispose: () => {
      disposed = true
      for (const entry of [...leaves]) forget(leaves, ...entry)
      opened?.wipe()
      opened = undefined
      source.close()
    },
  }
  // Not every platform has the symbol yet.
  if (Symbol.dispose) Object.defineProperty(signer, Symbol.dispose, { value: signer.dispose })
  exits.set(Object.freeze(signer), async (text) => {
    const path = formatPath(parsePath(text))
    await ready(undefined)
    return Uint8Array.from(leafAt(path).secret)
  })
  return signer
}

/**
 * Reads a private key out of a software signer: 32 bytes, for the caller to wipe. Whoever has it owns the account, and
 * with the account's xpub may own its sisters: show it to its owner and to no one else, and never log or send it.
 *
 * Throws `INVALID_REQUEST` without the confirmation or for another signer, `INVALID_PATH`, `SIGNER_DISPOSED`.
 *
 * @example
 * const key = await exportPrivateKey(signer, 'm/44h/60h/0h/0/0', { yesExportTheKey: true })
 */
export async function exportPrivateKey(
  signer: Signer,
  path: string,
  confirmation: { readonly yesExportTheKey: true },
): Promise<Uint8Array> {
  if (confirmation?.yesExportTheKey !== true)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Exporting a private key needs { yesExportTheKey: true } as its third argument.',
    })
  const exit = exits.get(signer)
  if (!exit)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Only a software signer can export its keys; this is another one.',
    })
  return exit(path)
}

function forget(leaves: Map<string, Leaf>, path: string, leaf: Leaf): void {
  leaves.delete(path)
  leaf.secret.fill(0)
  leaf.public.chainCode?.fill(0)
}

function unable(chain: ChainRules, what: string): CofferError {
  return new CofferError({
    code: 'UNSUPPORTED',
    message: `The chain ${chain.name} has no signatures for ${what}.`,
  })
}
