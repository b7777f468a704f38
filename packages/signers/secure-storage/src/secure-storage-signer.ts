import {
  CofferError,
  formatPath,
  isCofferError,
  parsePath,
  type Signer,
  type SignOptions,
  throwIfAborted,
} from '@coffer/core'
import { insideOf } from './keeper.ts'
import type { Vault } from './vault.ts'

export interface SecureStorageSignerOptions {
  readonly vault: Vault
  /** The `id` of one of the vault's secrets; the first when not given. */
  readonly secret?: string | undefined
  /** Asked when a key is needed and the vault is locked: it unlocks the vault, or throws. Otherwise there is `VAULT_LOCKED`. */
  readonly unlock?: ((vault: Vault) => Promise<void>) | undefined
}

/** A software signer over a secret of what is open. */
interface Opened {
  readonly keys: Signer
  readonly id: string
  readonly part: Vault['part']
}

/**
 * A signer over a secret of a vault. Keys are derived when they are first needed and wiped as soon as the vault locks. Public keys
 * that were asked for once are known while it is locked, so that accounts open and balances show. When the last signer of a
 * vault is disposed, the vault locks.
 *
 * @example
 * const vault = await openVault({ store })
 * const signer = secureStorageSigner({ vault, unlock: async (vault) => vault.unlock({ password: await ask() }) })
 * const wallet = createWallet({ chains, source, signer })
 */
export function secureStorageSigner(options: SecureStorageSignerOptions): Signer {
  const { vault, secret, unlock } = options
  const inside = insideOf(vault)
  const leave = inside.enter()
  let open: Opened | undefined
  let disposed = false

  const close = (): void => {
    open?.keys.dispose()
    open = undefined
  }
  const isThere = ({ part, id }: Opened): boolean =>
    vault.part === part && vault.secrets.some((secret) => secret.id === id)
  const ends = [
    vault.on('lock', close),
    inside.onChange(() => {
      if (open && !isThere(open)) close()
    }),
  ]

  const infoOf = () =>
    secret === undefined ? vault.secrets[0] : vault.secrets.find(({ id }) => id === secret)
  const idOf = (): string => {
    const info = infoOf()
    if (info) return info.id
    throw new CofferError({
      code: 'NO_SIGNER',
      message: 'The vault holds no such secret. Add one, or name one of its secrets.',
    })
  }
  const alive = (): void => {
    if (disposed)
      throw new CofferError({
        code: 'SIGNER_DISPOSED',
        message: 'This signer was disposed and its keys are gone. Make a new one.',
      })
  }

  /** The software signer behind this one, for as long as the vault is open and holds its secret. */
  const opened = async (signal: AbortSignal | undefined): Promise<Opened> => {
    alive()
    throwIfAborted(signal)
    if (vault.state === 'locked') {
      await unlock?.(vault)
      alive()
      throwIfAborted(signal)
    }
    // What a vault holds that shows nothing is known once it is open.
    const id = vault.state === 'unlocked' ? idOf() : ''
    if (open?.id !== id) {
      close()
      open = { keys: inside.signer(id), id, part: vault.part }
    }
    vault.touch()
    return open
  }

  /** Runs what needs keys; when they go in the meantime it says why. */
  const using = async <T>(
    signal: AbortSignal | undefined,
    task: (keys: Signer, secret: string) => Promise<T>,
  ): Promise<T> => {
    const { keys, id } = await opened(signal)
    try {
      return await task(keys, id)
    } catch (error) {
      if (disposed || !isCofferError(error, 'SIGNER_DISPOSED')) throw error
      throw new CofferError({
        code: 'VAULT_LOCKED',
        message: 'The vault was locked in the meantime, and nothing was signed. Unlock it, then try again.',
      })
    }
  }

  const dispose = (): void => {
    if (disposed) return
    disposed = true
    for (const end of ends) end()
    close()
    leave()
  }

  const signer: Signer = {
    name: 'secure-storage',
    get keys() {
      return infoOf()?.kind === 'private-key' ? 'single' : 'hd'
    },
    publicKey: async (text, { signal }: SignOptions = {}) => {
      alive()
      const path = formatPath(parsePath(text))
      throwIfAborted(signal)
      const known = vault.state === 'locked' && infoOf() ? inside.known(idOf(), path) : undefined
      if (known) return known
      const [key, secret] = await using(
        signal,
        async (keys, secret) => [await keys.publicKey(path, { signal }), secret] as const,
      )
      // It is right whether or not it could be kept; then it is asked for again the next time.
      await inside.remember(secret, key).catch(() => {})
      alive()
      return key
    },
    sign: (request, { signal } = {}) => using(signal, (keys) => keys.sign(request, { signal })),
    cosign: (request, { signal } = {}) => using(signal, (keys) => keys.cosign!(request, { signal })),
    signMessage: (request, { signal } = {}) =>
      using(signal, (keys) => keys.signMessage!(request, { signal })),
    signTypedData: (request, { signal } = {}) =>
      using(signal, (keys) => keys.signTypedData!(request, { signal })),
    dispose,
  }
  // Not every platform has the symbol yet.
  if (Symbol.dispose) Object.defineProperty(signer, Symbol.dispose, { value: dispose })
  return Object.freeze(signer)
}
