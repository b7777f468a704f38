import {
  type AssetId,
  CofferError,
  type DraftFields,
  isCofferError,
  parseAssetId,
  parseBaseUnits,
} from '@coffer/core'
import { encodeApprove, encodeTransfer } from './abi.ts'
import { accountAddress, parseAddress, ZERO_ADDRESS } from './address.ts'
import { isHex } from './hex.ts'
import type { AccessList, Address, EvmIntent, EvmNetwork, EvmTransaction, Hex, Replaces } from './intent.ts'
import { chainIdOf } from './networks.ts'
import { checkDelegation, readPayload } from './payload.ts'
import { encodeUnsigned, MAX_DATA } from './transaction.ts'

/** What the network decides of a transaction. Rates in wei per gas. */
export type TxNumbers = { readonly nonce: bigint; readonly gasLimit: bigint } & (
  | { readonly gasPrice: bigint }
  | { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
)

/**
 * The payload that the intent makes, given the nonce, gas limit and gas price of the draft's own payload.
 * Nothing else is taken from there, so a field that nobody asked for makes the two differ.
 *
 * Throws `INVALID_DRAFT` when the payload is not a transaction of this network, `DRAFT_MISMATCH` when the
 * intent makes none with those numbers.
 */
export function rebuild(draft: DraftFields<EvmIntent>, network: EvmNetwork): Hex {
  const tx = readPayload(draft, network)
  const { nonce, gasLimit } = tx
  const prices =
    'gasPrice' in tx
      ? { gasPrice: tx.gasPrice }
      : { maxFeePerGas: tx.maxFeePerGas, maxPriorityFeePerGas: tx.maxPriorityFeePerGas }
  try {
    const numbers = { nonce, gasLimit, ...prices }
    return encodeUnsigned(
      buildTransaction(draft.intent, numbers, network, accountAddress(draft.account, network)),
    )
  } catch (cause) {
    if (!isCofferError(cause)) throw cause
    throw new CofferError({
      code: 'DRAFT_MISMATCH',
      message: `The intent of this draft does not make its bytes: ${cause.message} Do not sign it; make a new draft.`,
      cause,
    })
  }
}

/**
 * Turns an intent into a transaction; the one place that does. A delegation becomes type 4, a gas price a
 * legacy transaction (type 1 with an access list), and the rest type 2.
 *
 * Throws `INVALID_REQUEST` when numbers and intent do not fit, `INVALID_ADDRESS` for the zero
 * address where it would burn, `INVALID_ASSET` for an asset of another chain.
 */
export function buildTransaction(
  intent: EvmIntent,
  numbers: TxNumbers,
  network: EvmNetwork,
  account: Address,
): EvmTransaction {
  const { nonce, gasLimit } = numbers
  const chainId = chainIdOf(network)
  if (intent.replaces && intent.replaces.nonce !== nonce)
    throw invalidRequest(
      `It takes the place of a transaction with nonce ${intent.replaces.nonce} and has nonce ${nonce}.`,
    )
  const common = { chainId, nonce, gasLimit, ...callOf(intent, network, account) }
  const accessList = intent.kind === 'call' ? (intent.accessList ?? []) : []

  if ('gasPrice' in numbers) {
    if (intent.kind === 'delegate')
      throw invalidRequest('A delegation needs maxFeePerGas and not a gas price.')
    const { gasPrice } = numbers
    if (accessList.length > 0) return { type: 'eip2930', ...common, gasPrice, accessList }
    return { type: 'legacy', ...common, gasPrice }
  }
  const { maxFeePerGas, maxPriorityFeePerGas } = numbers
  const dynamic = { ...common, maxFeePerGas, maxPriorityFeePerGas, accessList }
  if (intent.kind === 'delegate') {
    const authorization = { chainId, address: intent.to ?? ZERO_ADDRESS, nonce: nonce + 1n }
    checkDelegation(authorization, network, invalidRequest)
    return { type: 'eip7702', ...dynamic, to: account, authorizationList: [authorization] }
  }
  return { type: 'eip1559', ...dynamic }
}

/** Whom an intent calls, with how much coin and which data. Throws `INVALID_ADDRESS` and `INVALID_ASSET`. */
export function callOf(
  intent: EvmIntent,
  network: EvmNetwork,
  account: Address,
): { to: Address | null; value: bigint; data: Hex } {
  switch (intent.kind) {
    case 'pay': {
      const to = someone(intent.to)
      const token = tokenOf(intent.asset, network)
      if (!token) return { to, value: intent.amount, data: '0x' }
      return { to: token, value: 0n, data: encodeTransfer(to, intent.amount) }
    }
    case 'approve': {
      const token = tokenOf(intent.asset, network)
      if (!token) throw invalidAsset(intent.asset, 'Only tokens are approved, not the coin.')
      return { to: token, value: 0n, data: encodeApprove(someone(intent.spender), intent.amount) }
    }
    case 'call':
      return { to: someone(intent.to), value: intent.value, data: intent.data }
    case 'deploy':
      return { to: null, value: intent.value, data: intent.data }
    case 'delegate':
    case 'cancel':
      return { to: account, value: 0n, data: '0x' }
    default:
      throw invalidRequest('Its intent is of an unknown kind.')
  }
}

function someone(text: string): Address {
  const address = parseAddress(text)
  if (address !== ZERO_ADDRESS) return address
  throw new CofferError({
    code: 'INVALID_ADDRESS',
    message:
      'This is the zero address, of which nobody has the key: what goes there is lost. Check the address.',
  })
}

/** The contract of an ERC-20 asset of this network; `undefined` for its coin. */
function tokenOf(asset: AssetId, network: EvmNetwork): Address | undefined {
  if (asset === network.coin.id) return undefined
  const { chain, namespace, reference } = parseAssetId(asset)
  if (chain === network.id && namespace === 'erc20') return someone(reference)
  throw invalidAsset(asset, `It is neither the coin nor an ERC-20 token of ${network.name}.`)
}

// ---- the JSON form of an intent ----

/**
 * Reads an intent from its JSON form: amounts and nonces as strings of digits, addresses in any case that
 * passes EIP-55, which become canonical. Unknown kinds and fields are refused. Throws `INVALID_DRAFT`.
 */
export function parseIntent(json: unknown, network: EvmNetwork): EvmIntent {
  try {
    const intent = readIntent(object(json), network)
    // Refuses here what could never be built, so that a draft fails when it is read and not when it is signed.
    callOf(intent, network, ZERO_ADDRESS)
    return intent
  } catch (cause) {
    if (!isCofferError(cause)) throw cause
    throw new CofferError({
      code: 'INVALID_DRAFT',
      message: `The intent of this draft cannot be used. ${cause.message}`,
      cause,
    })
  }
}

function readIntent(json: Record<string, unknown>, network: EvmNetwork): EvmIntent {
  const { kind } = json
  const replaces = Object.hasOwn(json, 'replaces') ? { replaces: readReplaces(json['replaces']) } : {}
  const only = (names: readonly string[], optional: readonly string[] = []): void =>
    keys(json, ['kind', ...names], ['replaces', ...optional])
  switch (kind) {
    case 'pay':
      only(['asset', 'to', 'amount'])
      return {
        kind,
        asset: assetOf(json['asset'], network),
        to: addressOf(json['to']),
        amount: uint256(json['amount']),
        ...replaces,
      }
    case 'approve': {
      only(['asset', 'spender', 'amount'])
      const spender = addressOf(json['spender'])
      return {
        kind,
        asset: assetOf(json['asset'], network),
        spender,
        amount: uint256(json['amount']),
        ...replaces,
      }
    }
    case 'call': {
      only(['to', 'value', 'data'], ['accessList'])
      const accessList = Object.hasOwn(json, 'accessList')
        ? { accessList: readAccessList(json['accessList']) }
        : {}
      const data = readData(json['data'])
      return {
        kind,
        to: addressOf(json['to']),
        value: uint256(json['value']),
        data,
        ...accessList,
        ...replaces,
      }
    }
    case 'deploy':
      only(['value', 'data'])
      return { kind, value: uint256(json['value']), data: readData(json['data']), ...replaces }
    case 'delegate':
      only(['to'])
      return { kind, to: json['to'] === null ? null : addressOf(json['to']), ...replaces }
    case 'cancel':
      only([])
      return { kind, ...replaces }
    default:
      throw invalidRequest('Its kind is not known.')
  }
}

function readReplaces(json: unknown): Replaces {
  const fields = object(json)
  keys(fields, ['txid', 'nonce'])
  if (!isHex(fields['txid'], 32)) throw invalidRequest('The id of the transaction to replace is not one.')
  return { txid: fields['txid'].toLowerCase() as Hex, nonce: uint256(fields['nonce']) }
}

function readAccessList(json: unknown): AccessList {
  return list(json).map((item) => {
    const fields = object(item)
    keys(fields, ['address', 'storageKeys'])
    const storageKeys = list(fields['storageKeys']).map((key) => {
      if (!isHex(key, 32)) throw invalidRequest('A storage key has 32 bytes.')
      return key.toLowerCase() as Hex
    })
    return { address: addressOf(fields['address']), storageKeys }
  })
}

function readData(json: unknown): Hex {
  if (!isHex(json) || json.length > 2 + 2 * MAX_DATA)
    throw invalidRequest('Its data is not hex of at most 128 KiB.')
  return json.toLowerCase() as Hex
}

function assetOf(json: unknown, network: EvmNetwork): AssetId {
  const token = tokenOf(json as AssetId, network)
  return token ? `${network.id}/erc20:${token}` : network.coin.id
}

function addressOf(json: unknown): Address {
  return parseAddress(json as string)
}

function uint256(json: unknown): bigint {
  const value = parseBaseUnits(json)
  if (value >> 256n !== 0n) throw invalidRequest('One of its numbers is above 2^256.')
  return value
}

function object(json: unknown): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>
  throw invalidRequest('One of its parts should be an object.')
}

function list(json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json
  throw invalidRequest('One of its parts should be a list.')
}

/** Throws unless the object has all of `needed` and nothing besides but some of `optional`. */
function keys(
  fields: Record<string, unknown>,
  needed: readonly string[],
  optional: readonly string[] = [],
): void {
  const missing = needed.find((name) => !Object.hasOwn(fields, name))
  if (missing) throw invalidRequest(`It lacks "${missing}".`)
  const extra = Object.keys(fields).find((name) => !needed.includes(name) && !optional.includes(name))
  if (extra !== undefined)
    throw invalidRequest(`It has an unknown field ${JSON.stringify(extra.slice(0, 40))}.`)
}

function invalidRequest(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}

function invalidAsset(asset: string, why: string): CofferError {
  return new CofferError({ code: 'INVALID_ASSET', message: `${asset} cannot be used here. ${why}` })
}
