import {
  type AccountScript,
  accountScript,
  type BitcoinNetwork,
  type BitcoinRules,
  decodePsbt,
  formatAddress,
  parseDescriptor,
  signMessage,
} from '@coffer/bitcoin'
import {
  type ChainRules,
  CofferError,
  formatPath,
  HARDENED,
  type HdKey,
  hdDerivePublic,
  hdFromXpub,
  type KeyRing,
  memoryStore,
  nobleEngine,
  type PublicKey,
  parsePath,
  type Store,
} from '@coffer/core'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { LedgerApp, Session, SignRequest } from '../app.ts'
import type { BitcoinClient, Clients, WalletPolicy } from '../clients.ts'
import { deviceRing } from '../ring.ts'
import type { StatusWords } from '../status.ts'
import { mismatch } from './account-model.ts'
import { ecdsaOfDer } from './der.ts'
import { readRegistration, writeRegistration } from './registrations.ts'
import { walletPolicy } from './wallet-policy.ts'

export interface BitcoinAppOptions {
  /** Where the registrations of accounts of several keys rest; in memory when not given, and then a restart forgets them. */
  readonly store?: Store | undefined
}

const WORDS: StatusWords = {
  '6a82': {
    code: 'INVALID_PATH',
    message: 'The {app} app gives the keys of standard paths alone (BIP-44, 48, 49, 84, 86).',
  },
  b007: {
    code: 'DEVICE_INVALID_DATA',
    message:
      'The {app} app lost its way in this transaction. Close and open the app on the Ledger and try again.',
  },
  b008: {
    code: 'ACCOUNT_NOT_REGISTERED',
    message:
      'The Ledger does not accept the registration of this account: it is of another device or was changed. Register it again: signer.registerAccount({ chain, account, name }).',
  },
}

/** What the device's Bitcoin apps sign: PSBTs of all script types, accounts of several keys, messages. */
export function bitcoinLedgerApp<T>(
  clients: Clients<T, BitcoinClient>,
  { store = memoryStore() }: BitcoinAppOptions,
): LedgerApp<T> {
  const { link, connect } = clients

  const sign = async <R>(
    { transport, app, prompt }: Session<T>,
    { chain, draft }: SignRequest,
    use: (ring: KeyRing) => Promise<R>,
  ): Promise<R> => {
    const network = networkOf(chain)
    const client = await connect(transport)
    const fingerprint = await client.fingerprint()
    const { policy, hmac } = await policyFor(fingerprint, draft.account, network)
    const keys = accountKeys(client, network)
    let signing: Promise<Signatures> | undefined
    const signatures = (): Promise<Signatures> => {
      prompt({ kind: 'confirm', app: app.name, what: 'transaction', blind: false })
      return client
        .signPsbt({ psbt: draft.payload, policy, hmac })
        .then((list) => byPath(list, draft.payload, fingerprint))
    }
    const at = async (path: string): Promise<Iterable<Uint8Array>> =>
      (await (signing ??= signatures())).take(path)
    return use(
      deviceRing({
        publicKey: keys.publicKey,
        ecdsa: async (path) => mapped(await at(path), ecdsaOfDer),
        schnorr: async (path) => mapped(await at(path), (signature) => signature.subarray(0, 64)),
      }),
    )
  }

  const policyFor = async (
    fingerprint: string,
    account: string,
    network: BitcoinNetwork,
  ): Promise<{ policy: WalletPolicy; hmac: Uint8Array | undefined }> => {
    const descriptor = parseDescriptor(account, network)
    const { policy, standard } = walletPolicy(descriptor, network)
    const isHere = descriptor.keys.some(({ origin }) => origin?.fingerprint === fingerprint)
    if (!isHere)
      throw new CofferError({
        code: 'WRONG_ACCOUNT',
        message: `This Ledger holds no key of this account: its root key is ${fingerprint}, and the account names others. Connect the Ledger that it was made with.`,
        details: { fingerprint },
      })
    return standard ? { policy, hmac: undefined } : readRegistration(store, fingerprint, policy)
  }

  return {
    family: 'utxo',
    link,
    oldest: '2.1.0',
    words: WORDS,
    appOfChain: ({ testnet }) => (testnet ? 'Bitcoin Test' : 'Bitcoin'),
    appOfPath: ([, coin]) =>
      coin === HARDENED ? 'Bitcoin' : coin === HARDENED + 1 ? 'Bitcoin Test' : undefined,
    publicKey: async ({ transport, app }, path) => {
      const client = await connect(transport)
      const fingerprint = await client.fingerprint()
      const { publicKey, chainCode, parentFingerprint } = read(
        await client.xpub(path),
        app.name !== 'Bitcoin',
      )
      return { publicKey, chainCode, fingerprint, path, parentFingerprint } satisfies PublicKey
    },
    sign: (session, request) => sign(session, request, (ring) => request.chain.sign(request.draft, ring)),
    cosign: (session, request) =>
      sign(session, request, (ring) => {
        if (!request.chain.cosign) throw unsupported('It is not of a chain with accounts of several keys.')
        return request.chain.cosign(request.draft, ring)
      }),
    signMessage: async ({ transport, app, prompt }, { chain, account, message, address }) => {
      const network = networkOf(chain)
      const script = accountScript({ account, address }, network)
      const [key] = script.keys
      if (!key || script.keys.length > 1 || script.internalKey)
        throw unsupported('A Ledger signs messages for addresses of one key, other than taproot ones.')
      const client = await connect(transport)
      const bytes = typeof message === 'string' ? utf8ToBytes(message) : message
      const ring = deviceRing({
        publicKey: accountKeys(client, network).publicKey,
        ecdsa: async (path) => {
          prompt({ kind: 'confirm', app: app.name, what: 'message', blind: false })
          return [await client.signMessage({ path, message: bytes })]
        },
      })
      // The app knows the oldest way of signing messages alone.
      return signMessage({ keys: await ring(formatPath(key.path)), script, message, format: 'bip137' })
    },
    showAddress: async ({ transport, app, prompt }, { chain, account, address }) => {
      const network = networkOf(chain)
      const script = accountScript({ account, address }, network)
      const client = await connect(transport)
      const { policy, hmac } = await policyFor(await client.fingerprint(), account, network)
      const { keychain, index } = script
      prompt({ kind: 'confirm', app: app.name, what: 'address', blind: false })
      const shown = await client.address({ policy, hmac, keychain, index, show: true })
      return compared(shown, script, network)
    },
    registerAccount: async ({ transport, app, prompt }, { chain, account, name }) => {
      const network = networkOf(chain)
      if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(name))
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message:
            'The name of an account on a Ledger has 1 to 64 letters, digits, signs and spaces, and no space at its ends.',
        })
      const { policy, standard } = walletPolicy(parseDescriptor(account, network), network)
      if (standard)
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: 'This account needs no registration: every Ledger knows it. Use it right away.',
        })
      const client = await connect(transport)
      const fingerprint = await client.fingerprint()
      const named = { ...policy, name }
      prompt({ kind: 'confirm', app: app.name, what: 'account', blind: false })
      const hmac = await client.register(named)
      await writeRegistration(store, fingerprint, { policy: named, hmac })
    },
  }
}

/** Every network but the main one is the test app's, whose addresses are of testnet: `tb1…` for a `bcrt1…` of ours. */
const TESTNET = { hrp: 'tb', pubKeyHash: 0x6f, scriptHash: 0xc4 } as const

function compared(shown: string, { script }: AccountScript, network: BitcoinNetwork): string {
  const own = formatAddress(script, network)!
  const expected = network.testnet ? formatAddress(script, { ...network, ...TESTNET }) : own
  if (shown === expected) return own
  throw mismatch(shown, expected!)
}

/** Keys of the paths of an account, from the extended key of its last hardened step: one question for all of them. */
function accountKeys(
  client: BitcoinClient,
  { testnet }: BitcoinNetwork,
): { publicKey(path: string): Promise<Uint8Array> } {
  const roots = new Map<string, HdKey>()
  return {
    publicKey: async (text) => {
      const path = parsePath(text)
      const depth = path.filter((step) => step >= HARDENED).length
      if (depth === 0)
        throw new CofferError({ code: 'INVALID_PATH', message: `A Ledger gives no key at ${text}.` })
      const root = formatPath(path.slice(0, depth))
      let key = roots.get(root)
      if (!key) roots.set(root, (key = read(await client.xpub(root), testnet)))
      return hdDerivePublic(key, path.slice(depth)).publicKey
    },
  }
}

const read = (xpub: string, testnet: boolean): HdKey => hdFromXpub(xpub, nobleEngine, { testnet })

/** What a device signed, by the path of the key. */
interface Signatures {
  /** Those of a path that were not found right yet: each is over the hash of another input. */
  take(path: string): Iterable<Uint8Array>
}

function byPath(
  list: readonly { readonly input: number; readonly signature: Uint8Array }[],
  payload: string,
  fingerprint: string,
): Signatures {
  const { inputs } = decodePsbt(payload)
  const left = new Map<string, Set<Uint8Array>>()
  for (const { input, signature } of list)
    for (const origin of [...(inputs[input]?.derivations ?? []), ...(inputs[input]?.tapDerivations ?? [])]) {
      if (origin.fingerprint !== fingerprint) continue
      const path = formatPath(origin.path)
      left.set(path, (left.get(path) ?? new Set()).add(signature))
    }
  return {
    take: function* (path) {
      const own = left.get(path) ?? new Set()
      for (const signature of [...own]) {
        // Whoever asks stops at the one that is right, so that it is tried for no other input.
        own.delete(signature)
        yield signature
        own.add(signature)
      }
    },
  }
}

function* mapped(list: Iterable<Uint8Array>, change: (item: Uint8Array) => Uint8Array): Iterable<Uint8Array> {
  for (const item of list) yield change(item)
}

function networkOf(chain: ChainRules): BitcoinNetwork {
  return (chain as BitcoinRules).network
}

function unsupported(reason: string): CofferError {
  return new CofferError({ code: 'UNSUPPORTED', message: `This cannot be signed on a Ledger. ${reason}` })
}
