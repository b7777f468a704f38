import { type ChainRules, CofferError, HARDENED, type KeyRing } from '@coffer/core'
import {
  authorizationHash,
  decodeUnsigned,
  type EvmRules,
  type EvmTransaction,
  encodeUnsigned,
  typedDataParts,
} from '@coffer/evm'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { LedgerApp, Session } from '../app.ts'
import type { Clients, EthereumClient } from '../clients.ts'
import { withRecovery } from '../ring.ts'
import { deviceError, type Meaning, type StatusWords, statusWordOf } from '../status.ts'
import { readKey, ringOf, showAddress, signMessage } from './account-model.ts'
import { typedDataJson } from './typed-data-json.ts'

export interface EthereumAppOptions {
  /**
   * Descriptions of tokens, with which the device shows names and amounts. None when not given: nothing is ever downloaded.
   */
  readonly tokens?: TokenDescriptions | undefined
}

/**
 * Where descriptions of tokens come from; asked for the contract that a transaction is sent to. Returns symbol, address,
 * decimals and chain id with Ledger's signature over them, in hex, as Ledger's list of crypto assets has them, or `undefined`.
 * The device checks the signature, so that nobody can lie with one.
 */
export type TokenDescriptions = (token: {
  readonly chainId: bigint
  readonly address: string
}) => string | undefined | Promise<string | undefined>

/** What an app answers to an instruction that it does not have. */
const UNKNOWN_INSTRUCTION = 0x6d00
const INVALID_DATA = 0x6a80

const BLIND: Meaning = {
  code: 'DEVICE_SETTING',
  setting: 'Blind signing',
  message:
    'The {app} app cannot show what this does and refuses it. To sign it all the same, having read it here, switch on "Blind signing" in the settings of the app.',
}

/** What 0x6a80 means where the data is sound: the app may not sign it blindly. */
const BLIND_WORDS: StatusWords = { '6a80': BLIND }

const WORDS: StatusWords = {
  '6a15': { code: 'INVALID_PATH', message: 'The {app} app has no key at this path.' },
  '6984': {
    code: 'DEVICE_INVALID_DATA',
    message: 'The {app} app lacks a plugin that this transaction needs.',
  },
  '6980': {
    code: 'DEVICE_SETTING',
    setting: 'Smart accounts',
    message:
      'The {app} app refuses this delegation. To allow delegations, switch on "Smart accounts" in the settings of the app; it knows a short list of contracts and refuses all others.',
  },
}

/** What the device's Ethereum app signs: transactions of every type, authorisations, messages and typed data. */
export function ethereumLedgerApp<T>(
  { link, connect }: Clients<T, EthereumClient>,
  { tokens }: EthereumAppOptions,
): LedgerApp<T> {
  return {
    family: 'evm',
    link,
    oldest: '1.9.0',
    words: WORDS,
    appOfChain: () => 'Ethereum',
    appOfPath: ([, coin]) => (coin === HARDENED + 60 ? 'Ethereum' : undefined),
    // The app has keys of coin type 60 alone; it is the chain id that keeps transactions of test networks apart.
    path: ({ testnet }, index) => (testnet ? `m/44h/60h/0h/0/${index}` : undefined),
    publicKey: async ({ transport, fingerprint }, path) => ({
      publicKey: await readKey(await connect(transport), path),
      fingerprint,
      path,
    }),
    sign: async (session, { chain, draft }) => {
      const client = await connect(session.transport)
      return chain.sign(draft, transactionRing(client, session, decodeUnsigned(draft.payload), tokens))
    },
    signMessage: async (session, request) => signMessage(await connect(session.transport), session, request),
    signTypedData: async (session, { chain, account, typedData }) => {
      const client = await connect(session.transport)
      const parts = typedDataParts(typedData, networkOf(chain))
      const ring = ringOf(client, (path) => signTypedData(client, session, path, parts))
      return chain.signTypedData!({ account, typedData }, ring)
    },
    showAddress: async (session, request) => showAddress(await connect(session.transport), session, request),
  }
}

/** The ring of a transaction: its own authorisations are signed first, and stand in what is signed last. */
function transactionRing<T>(
  client: EthereumClient,
  session: Session<T>,
  unsigned: EvmTransaction,
  tokens: TokenDescriptions | undefined,
): KeyRing {
  let tx = unsigned
  return ringOf(client, async (path, hash) => {
    const list = tx.type === 'eip7702' ? tx.authorizationList : []
    const own = list.find(
      (item) => !item.signature && bytesToHex(authorizationHash(item)) === bytesToHex(hash),
    )
    if (!own) return signTransaction(client, session, path, tx, tokens)
    const { chainId, address, nonce } = own
    session.prompt({ kind: 'confirm', app: session.app.name, what: 'authorization', blind: false })
    const signature = await client.signAuthorization({ path, chainId, address, nonce })
    const signed = withRecovery(signature, hash, await readKey(client, path))
    if (signed)
      tx = {
        ...(tx as EvmTransaction & { type: 'eip7702' }),
        authorizationList: list.map((item) =>
          item === own
            ? {
                ...item,
                signature: {
                  r: BigInt(`0x${bytesToHex(signature.subarray(0, 32))}`),
                  s: BigInt(`0x${bytesToHex(signature.subarray(32))}`),
                  yParity: signed.recovery,
                },
              }
            : item,
        ),
      }
    return signature
  })
}

async function signTransaction<T>(
  client: EthereumClient,
  { app, prompt }: Session<T>,
  path: string,
  tx: EvmTransaction,
  tokens: TokenDescriptions | undefined,
): Promise<Uint8Array> {
  const isCall = tx.data !== '0x'
  const token = isCall && tx.to ? await tokens?.({ chainId: tx.chainId, address: tx.to }) : undefined
  prompt({ kind: 'confirm', app: app.name, what: 'transaction', blind: isCall && token === undefined })
  try {
    return await client.signTransaction({
      path,
      transaction: hexToBytes(encodeUnsigned(tx).slice(2)),
      tokens: token === undefined ? [] : [token],
    })
  } catch (cause) {
    // The app's one answer to a call that it may not sign blindly; a library hides it behind a name.
    const isBlind =
      statusWordOf(cause) === INVALID_DATA || (cause as Error).name === 'EthAppPleaseEnableContractData'
    if (!isBlind) throw cause
    throw deviceError(Object.assign(new Error('0x6a80', { cause }), { statusCode: INVALID_DATA }), {
      app: app.name,
      words: isCall ? BLIND_WORDS : WORDS,
    })
  }
}

async function signTypedData<T>(
  client: EthereumClient,
  { app, prompt }: Session<T>,
  path: string,
  { data, domainHash, messageHash }: ReturnType<typeof typedDataParts>,
): Promise<Uint8Array> {
  prompt({ kind: 'confirm', app: app.name, what: 'typed data', blind: false })
  try {
    return await client.signTypedData({ path, typedData: typedDataJson(data) })
  } catch (cause) {
    const word = statusWordOf(cause)
    if (word === INVALID_DATA) throw deviceError(cause, { app: app.name, words: BLIND_WORDS })
    if (word !== UNKNOWN_INSTRUCTION) throw cause
    // A device too small for the fields (Nano S): it shows the two hashes, and the person is told so.
    prompt({ kind: 'confirm', app: app.name, what: 'typed data', blind: true })
    return client.signTypedDataHashes({ path, domainHash, messageHash })
  }
}

function networkOf(chain: ChainRules): EvmRules['network'] {
  const { network } = chain as Partial<EvmRules>
  if (network) return network
  throw new CofferError({ code: 'UNSUPPORTED', message: `${chain.name} is no EVM chain of @coffer/evm.` })
}
