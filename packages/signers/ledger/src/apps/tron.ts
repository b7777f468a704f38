import { type ChainRules, CofferError, HARDENED, type KeyRing } from '@coffer/core'
import { type TronRules, typedDataParts } from '@coffer/tron'
import { hexToBytes } from '@noble/hashes/utils.js'
import type { LedgerApp, Session, SignRequest } from '../app.ts'
import type { Clients, TronClient } from '../clients.ts'
import { type Meaning, type StatusWords, statusWordOf } from '../status.ts'
import { readKey, ringOf, showAddress, signMessage } from './account-model.ts'

export interface TronAppOptions {
  /**
   * Lets the device sign the hash alone of a transaction that is too long for it to read (a call with more than about 200
   * bytes of data): its screen then shows nothing of what it does. False when not given.
   */
  readonly signByHash?: boolean | undefined
}

const setting = (name: string, what: string): Meaning => ({
  code: 'DEVICE_SETTING',
  setting: name,
  message: `The {app} app refuses ${what}. To sign it, having read it here, switch on "${name}" in the settings of the app.`,
})

const WORDS: StatusWords = {
  '6a8a': { code: 'INVALID_PATH', message: 'The {app} app has no key at this path.' },
  '6982': { code: 'INVALID_PATH', message: 'The {app} app has no key at this path.' },
  '6a8b': setting('Transactions data', 'a transaction with a note'),
  '6a8c': setting('Sign by hash', 'to sign a hash'),
  '6a8d': setting('Custom contracts', 'a contract that it does not know'),
}

/** What a client throws for a field that does not fit into one command. */
const TOO_LONG = /too many bytes to encode/i

/** What the device's Tron app signs: transfers, tokens, staking, permissions and calls; messages; hashes where that is wanted. */
export function tronLedgerApp<T>(
  { link, connect }: Clients<T, TronClient>,
  { signByHash = false }: TronAppOptions,
): LedgerApp<T> {
  const transactionRing = async (session: Session<T>, { draft }: SignRequest): Promise<KeyRing> => {
    const client = await connect(session.transport)
    const raw = hexToBytes(draft.payload.slice(2))
    const { app, prompt } = session
    return ringOf(client, async (path, hash) => {
      prompt({ kind: 'confirm', app: app.name, what: 'transaction', blind: false })
      try {
        return await client.signTransaction({ path, raw })
      } catch (cause) {
        if (!isTooLong(cause)) throw cause
        if (!signByHash) throw tooLong(cause)
        prompt({ kind: 'confirm', app: app.name, what: 'transaction', blind: true })
        return client.signHash({ path, hash })
      }
    })
  }
  return {
    family: 'tron',
    link,
    oldest: '0.5.0',
    words: WORDS,
    appOfChain: () => 'Tron',
    appOfPath: ([, coin]) => (coin === HARDENED + 195 ? 'Tron' : undefined),
    // The app has keys of coin type 195 alone; a transaction names a block that no other network has.
    path: ({ testnet }, index) => (testnet ? `m/44h/195h/0h/0/${index}` : undefined),
    publicKey: async ({ transport, fingerprint }, path) => ({
      publicKey: await readKey(await connect(transport), path),
      fingerprint,
      path,
    }),
    sign: async (session, request) =>
      request.chain.sign(request.draft, await transactionRing(session, request)),
    cosign: async (session, request) =>
      request.chain.cosign!(request.draft, await transactionRing(session, request)),
    signMessage: async (session, request) => signMessage(await connect(session.transport), session, request),
    signTypedData: async ({ transport, app, prompt }, { chain, account, typedData }) => {
      const client = await connect(transport)
      const { domainHash, messageHash } = typedDataParts(typedData, networkOf(chain))
      const ring = ringOf(client, (path) => {
        // All that the app knows of typed data are its two hashes.
        prompt({ kind: 'confirm', app: app.name, what: 'typed data', blind: true })
        return client.signTypedDataHashes({ path, domainHash, messageHash })
      })
      return chain.signTypedData!({ account, typedData }, ring)
    },
    showAddress: async (session, request) => showAddress(await connect(session.transport), session, request),
  }
}

const isTooLong = (cause: unknown): boolean =>
  statusWordOf(cause) === undefined && TOO_LONG.test(String((cause as Error)?.message))

function tooLong(cause: unknown): CofferError {
  return new CofferError({
    code: 'DEVICE_INVALID_DATA',
    message:
      'This transaction is too long for the Tron app to read. To sign its hash blindly, make the app with tronApp({ signByHash: true }) and switch on "Sign by hash" on the Ledger.',
    cause,
  })
}

function networkOf(chain: ChainRules): TronRules['network'] {
  const { network } = chain as Partial<TronRules>
  if (network) return network
  throw new CofferError({ code: 'UNSUPPORTED', message: `${chain.name} is no chain of @coffer/tron.` })
}
