import {
  abortWith,
  assertApprovedFor,
  type ChainRules,
  CofferError,
  formatPath,
  onAbort,
  parsePath,
  type Signer,
  type SignOptions,
  throwIfAborted,
} from '@coffer/core'
import type { AddressRequest, LedgerApp, RegisterRequest, Session } from './app.ts'
import { connectionTo, type TransportSource } from './connection.ts'
import { type AppVersion, findApp, openApp } from './open-app.ts'
import type { LedgerPrompt } from './prompt.ts'
import { queueOf } from './queue.ts'
import { deviceError } from './status.ts'

export interface LedgerConfig<T extends object> {
  /**
   * A transport, which stays its owner's to close, or a function that opens one. With a function the signer comes through
   * what USB does when an app opens (the device goes and comes back) and through a cable that was pulled between two calls.
   */
  readonly transport: TransportSource<T>
  /** `[bitcoinApp(), ethereumApp(), tronApp()]`, or as many of them as are wanted. */
  readonly apps: readonly LedgerApp<T>[]
  /** Whether the signer may open and close apps on the device, which its owner confirms there. True when not given. */
  readonly openApps?: boolean | undefined
  /**
   * Of the root key, eight hex digits, for the key origins of Ethereum and Tron accounts: those apps cannot tell it.
   * `00000000`, "not known", when not given.
   */
  readonly fingerprint?: string | undefined
  /** Called whenever a person has to do something at the device. */
  readonly onPrompt?: ((prompt: LedgerPrompt) => void) | undefined
}

/** A {@link Signer} whose keys are on a Ledger, with what only a device can do. */
export interface LedgerSigner extends Signer {
  /**
   * Shows an address on the device and returns it once its owner has confirmed it. Throws `ADDRESS_MISMATCH` when the
   * device shows another one than the account's own descriptor makes: then the account is not of this device.
   */
  showAddress(request: AddressRequest, options?: SignOptions): Promise<string>
  /**
   * Has the owner register an account of several keys, or of an unusual path, at the device (a wallet policy of BIP-388):
   * once, before its first address or signature. What proves it is kept in the store of the app.
   */
  registerAccount(request: RegisterRequest, options?: SignOptions): Promise<void>
  /** What is open on the device. */
  app(options?: SignOptions): Promise<AppVersion>
  /** Ends the connection, for another program to use the device. The next operation connects again. */
  close(): Promise<void>
}

const FINGERPRINT = /^[0-9a-f]{8}$/

/**
 * A Ledger as a signer. Nothing happens until it is used; then it connects, sees to it that the right app is open, and lets
 * one operation after the other have the device, however many ask and from however many signers of the same transport.
 *
 * Throws `DEVICE_LOCKED`, `DEVICE_DISCONNECTED`, `DEVICE_BUSY`, `DEVICE_WRONG_APP`, `DEVICE_APP_MISSING`, `DEVICE_APP_OLD`,
 * `DEVICE_SETTING`, `DEVICE_INVALID_DATA`, `SIGNER_REFUSED`, `DEVICE_FAILED`, each with what to do; `SIGNATURE_WRONG` for a
 * signature that does not verify; `MISSING_DEPENDENCY` with the package to install.
 *
 * @example
 * import TransportWebHID from '@ledgerhq/hw-transport-webhid'
 * const signer = ledgerSigner({
 *   transport: () => TransportWebHID.create(),
 *   apps: [bitcoinApp(), ethereumApp(), tronApp()],
 *   onPrompt: ({ kind, app }) => say(kind === 'open-app' ? `Open the ${app} app` : 'Check your Ledger'),
 * })
 */
export function ledgerSigner<T extends object>(config: LedgerConfig<T>): LedgerSigner {
  const { transport: source, apps, openApps = true, fingerprint = '00000000', onPrompt } = config
  check(config)
  const connection = connectionTo(source, apps[0]!.link)
  const queue = queueOf(source)
  const disposal = new AbortController()

  const alive = (): void => {
    if (disposal.signal.aborted) throw disposed()
  }

  /** The caller's signal, ended by `dispose` too. */
  const untilDisposed = async <R>(
    signal: AbortSignal | undefined,
    task: (signal: AbortSignal) => Promise<R>,
  ): Promise<R> => {
    alive()
    throwIfAborted(signal)
    const controller = new AbortController()
    const forget = [disposal.signal, ...(signal ? [signal] : [])].map((one) =>
      onAbort(one, () => abortWith(controller, one === disposal.signal ? disposed() : one.reason)),
    )
    try {
      return await task(controller.signal)
    } finally {
      for (const each of forget) each()
    }
  }

  /** One operation at the device, in its turn, with `name` open. */
  const at = <R>(
    app: LedgerApp<T>,
    name: string,
    { signal }: SignOptions,
    task: (session: Session<T>) => Promise<R>,
  ): Promise<R> =>
    untilDisposed(signal, (signal) =>
      queue.run(async () => {
        const prompt = (prompt: LedgerPrompt): void => onPrompt?.(prompt)
        try {
          const open = await openApp(
            connection,
            { app: name, oldest: app.oldest },
            { mayOpen: openApps, prompt, signal },
          )
          throwIfAborted(signal)
          return await connection.during((transport) => task({ transport, app: open, fingerprint, prompt }))
        } catch (cause) {
          connection.note(cause)
          throw deviceError(cause, { app: name, words: app.words })
        }
      }, signal),
    )

  const appFor = (chain: ChainRules): LedgerApp<T> => {
    const app = apps.find(({ family }) => family === chain.family)
    if (app) return app
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: `This Ledger signer was made without the app for ${chain.name}. Add it to its apps.`,
      details: { chain: chain.id },
    })
  }
  const onChain = <R>(
    chain: ChainRules,
    options: SignOptions,
    task: (app: LedgerApp<T>, session: Session<T>) => Promise<R>,
  ): Promise<R> => {
    const app = appFor(chain)
    return at(app, app.appOfChain(chain), options, (session) => task(app, session))
  }

  const signer: LedgerSigner = {
    name: 'ledger',
    keys: 'hd',
    path: (chain, index) => apps.find(({ family }) => family === chain.family)?.path?.(chain, index),
    publicKey: async (text, options = {}) => {
      alive()
      const path = parsePath(text)
      for (const app of apps) {
        const name = app.appOfPath(path)
        if (name !== undefined)
          return at(app, name, options, (session) => app.publicKey(session, formatPath(path)))
      }
      throw new CofferError({
        code: 'INVALID_PATH',
        message: `None of this signer's Ledger apps has keys at ${formatPath(path)}.`,
        details: { path: formatPath(path) },
      })
    },
    sign: async (request, options = {}) => {
      alive()
      throwIfAborted(options.signal)
      assertApprovedFor(request.chain, request.draft)
      return onChain(request.chain, options, (app, session) => app.sign(session, request))
    },
    cosign: async (request, options = {}) => {
      alive()
      throwIfAborted(options.signal)
      assertApprovedFor(request.chain, request.draft)
      return onChain(request.chain, options, (app, session) => {
        if (!app.cosign) throw unable(request.chain, 'accounts of several keys')
        return app.cosign(session, request)
      })
    },
    signMessage: async (request, options = {}) => {
      alive()
      throwIfAborted(options.signal)
      if (!request.chain.signMessage) throw unable(request.chain, 'messages')
      return onChain(request.chain, options, (app, session) => app.signMessage(session, request))
    },
    signTypedData: async (request, options = {}) => {
      alive()
      throwIfAborted(options.signal)
      const { signTypedData } = appFor(request.chain)
      if (!signTypedData || !request.chain.signTypedData) throw unable(request.chain, 'typed data')
      return onChain(request.chain, options, (_, session) => signTypedData(session, request))
    },
    showAddress: async (request, options = {}) =>
      onChain(request.chain, options, (app, session) => app.showAddress(session, request)),
    registerAccount: async (request, options = {}) => {
      const { registerAccount } = appFor(request.chain)
      if (!registerAccount) throw unable(request.chain, 'accounts that have to be registered')
      return onChain(request.chain, options, (_, session) => registerAccount(session, request))
    },
    app: ({ signal } = {}) => untilDisposed(signal, (signal) => queue.run(() => findApp(connection), signal)),
    close: () => queue.run(() => connection.close(), undefined),
    dispose: () => {
      if (disposal.signal.aborted) return
      disposal.abort()
      // After what runs at the device: cutting it off would leave a question on its screen.
      queue.run(() => connection.close(), undefined).catch(() => {})
    },
  }
  // Not every platform has the symbol yet.
  if (Symbol.dispose) Object.defineProperty(signer, Symbol.dispose, { value: signer.dispose })
  return Object.freeze(signer)
}

function check<T extends object>({ transport, apps, fingerprint }: LedgerConfig<T>): void {
  const wrong = (message: string): CofferError => new CofferError({ code: 'INVALID_REQUEST', message })
  if ((typeof transport !== 'object' && typeof transport !== 'function') || transport === null)
    throw wrong('ledgerSigner needs a transport, or a function that opens one.')
  if (!Array.isArray(apps) || apps.length === 0)
    throw wrong('ledgerSigner needs at least one app, such as ethereumApp().')
  if (new Set(apps.map(({ family }) => family)).size < apps.length)
    throw wrong('ledgerSigner was given two apps for the same chains.')
  if (apps.some(({ link }) => link !== apps[0]!.link))
    throw wrong('The apps of one signer must all be of the same library: /ledgerjs or /dmk.')
  if (fingerprint !== undefined && !FINGERPRINT.test(fingerprint))
    throw wrong('The fingerprint of a root key is eight lower-case hex digits.')
}

function disposed(): CofferError {
  return new CofferError({
    code: 'SIGNER_DISPOSED',
    message: 'This signer was disposed. Make a new one.',
  })
}

function unable(chain: ChainRules, what: string): CofferError {
  return new CofferError({
    code: 'UNSUPPORTED',
    message: `The Ledger app for ${chain.name} has no signatures for ${what}.`,
  })
}
