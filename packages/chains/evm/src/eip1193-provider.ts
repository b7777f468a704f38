import {
  type Acceptance,
  bigNumbersAsStrings,
  CofferError,
  copyPlain,
  type Draft,
  type Effects,
  type EvmSource,
  isCofferError,
  type Publishing,
  parseJson,
  type Signing,
  type SigningMessages,
  type Sources,
} from '@coffer/core'
import type { EvmAccount } from './account.ts'
import { parseAddress } from './address.ts'
import { hexData, hexToBytes, quantity } from './hex.ts'
import type { EvmIntent, Hex } from './intent.ts'
import type { EvmRequest } from './request.ts'
import { inspectTypedData } from './typed-data.ts'

/** What a dapp asks a person for. Show it, and answer. */
export type DappQuestion =
  | { readonly kind: 'connect'; readonly address: string }
  | { readonly kind: 'transaction'; readonly draft: Draft<EvmIntent> }
  | { readonly kind: 'message'; readonly message: string | Uint8Array }
  | {
      readonly kind: 'typed-data'
      readonly typedData: unknown
      readonly effects: Pick<Effects, 'list' | 'warnings'>
    }

export interface Eip1193Options {
  readonly wallet: Signing & SigningMessages & Publishing
  /** One account a chain; the first one's chain is current at the start. */
  readonly accounts: readonly EvmAccount[]
  readonly source: Sources
  /** Asks the person. False is a refusal. There is no default: a provider that says yes to everything empties wallets. */
  confirm(question: DappQuestion): boolean | Promise<boolean>
  /** Dangers that `confirm` has shown and that need no further yes. */
  readonly accept?: readonly Acceptance[] | undefined
}

/** EIP-1193, as viem, ethers and wagmi take it. */
export interface Eip1193Provider {
  request(args: { readonly method: string; readonly params?: unknown }): Promise<unknown>
  on(event: string, listener: (value: never) => void): void
  removeListener(event: string, listener: (value: never) => void): void
}

/** Reads that a dapp may make through the account's own source. Everything else is refused. */
const READS = new Set([
  'eth_blockNumber',
  'eth_call',
  'eth_estimateGas',
  'eth_feeHistory',
  'eth_gasPrice',
  'eth_getBalance',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getBlockReceipts',
  'eth_getCode',
  'eth_getLogs',
  'eth_getStorageAt',
  'eth_getTransactionByHash',
  'eth_getTransactionCount',
  'eth_getTransactionReceipt',
  'eth_maxPriorityFeePerGas',
  'net_version',
])

/**
 * An EIP-1193 provider over Coffer accounts. Every transaction is built here from what the dapp wants (to, value, data), inspected,
 * shown to the person, held against the wallet's policy, then signed and sent.
 *
 * Refuses `eth_sign`, `eth_signTransaction`, EIP-7702 authorisations and raw broadcasts.
 *
 * @see https://eips.ethereum.org/EIPS/eip-1193
 */
export function toEip1193Provider(options: Eip1193Options): Eip1193Provider {
  const { wallet, accounts, source, confirm, accept } = options
  let current = accounts[0]
  if (!current)
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'Give the provider at least one account.' })
  let connected = false
  const listeners = new Map<string, Set<(value: never) => void>>()
  const emit = (event: string, value: unknown): void => {
    for (const listener of listeners.get(event) ?? []) listener(value as never)
  }
  const chainId = (account: EvmAccount): Hex =>
    `0x${BigInt(account.chain.slice('eip155:'.length)).toString(16)}`
  const asked = async (question: DappQuestion): Promise<void> => {
    if (!(await confirm(question))) throw rpcError(4001, 'The person refused.')
  }
  const own = (address: unknown): EvmAccount => {
    if (!connected) throw rpcError(4100, 'Ask for eth_requestAccounts first.')
    if (typeof address !== 'string' || parseAddress(address) !== current!.address)
      throw rpcError(4100, 'This provider does not hold the key of that address.')
    return current!
  }

  const handle = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    switch (method) {
      case 'eth_chainId':
        return chainId(current!)
      case 'eth_accounts':
        return connected ? [current!.address] : []
      case 'eth_requestAccounts':
        if (!connected) {
          await asked({ kind: 'connect', address: current!.address })
          connected = true
          emit('connect', { chainId: chainId(current!) })
          emit('accountsChanged', [current!.address])
        }
        return [current!.address]
      case 'wallet_switchEthereumChain': {
        const wanted = quantity((params[0] as { chainId?: unknown } | undefined)?.chainId)
        const next = accounts.find((account) => account.chain === `eip155:${wanted}`)
        if (!next) throw rpcError(4902, 'This provider has no account on that chain.')
        if (next !== current) {
          current = next
          emit('chainChanged', chainId(next))
        }
        return null
      }
      case 'personal_sign': {
        const account = own(params[1])
        const message = messageOf(params[0])
        await asked({ kind: 'message', message })
        return wallet.signMessage(account, message)
      }
      case 'eth_signTypedData_v4': {
        const account = own(params[0])
        // A copy: the dapp may change its object while the person reads.
        const typedData =
          typeof params[1] === 'string'
            ? parseJson(params[1], { bigNumbers: bigNumbersAsStrings })
            : copyPlain(params[1])
        const effects = inspectTypedData({ account: account.descriptor, typedData }, account.network)
        await asked({ kind: 'typed-data', typedData, effects })
        return wallet.signTypedData(account, typedData, { accept })
      }
      case 'eth_sendTransaction': {
        const wanted = (params[0] ?? {}) as Record<string, unknown>
        const account = own(wanted['from'])
        const draft = await account.create(requestOf(wanted, account))
        try {
          await asked({ kind: 'transaction', draft })
          const signed = await wallet.sign(draft, { accept })
          return (await wallet.publish(signed)).txid
        } catch (error) {
          await account.discard(draft)
          throw error
        }
      }
      default: {
        if (!READS.has(method)) throw rpcError(4200, `${method.slice(0, 60)} is not offered.`)
        const [result] = await (source.for(current!.chain) as EvmSource).request([{ method, params }])
        if (result?.ok) return result.value
        throw rpcError(
          result?.error.code ?? -32603,
          result?.error.message ?? 'No answer.',
          result?.error.data,
        )
      }
    }
  }

  return {
    request: async ({ method, params = [] }) => {
      try {
        return await handle(String(method), Array.isArray(params) ? params : [params])
      } catch (error) {
        throw toProviderError(error)
      }
    },
    on: (event, listener) => {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set.add(listener))
    },
    removeListener: (event, listener) => void listeners.get(event)?.delete(listener),
  }
}

/** What a dapp wants, in the words of `account.create`. Its type, nonce and unknown fields are left aside or refused. */
function requestOf(wanted: Record<string, unknown>, account: EvmAccount): EvmRequest {
  for (const field of ['authorizationList', 'blobs', 'blobVersionedHashes'])
    if (wanted[field] !== undefined)
      throw rpcError(-32602, `A transaction with ${field} is not made for a dapp.`)
  if (wanted['chainId'] !== undefined && `eip155:${quantity(wanted['chainId'])}` !== account.chain)
    throw rpcError(-32602, 'The transaction is for another chain than the current one.')
  const optional = (name: string): bigint | undefined =>
    wanted[name] === undefined ? undefined : quantity(wanted[name])
  const amount = optional('value') ?? 0n
  const data = hexData(wanted['data'] ?? wanted['input'] ?? '0x')
  const maxFeePerGas = optional('maxFeePerGas')
  const maxPriorityFeePerGas = optional('maxPriorityFeePerGas')
  const fee =
    maxFeePerGas !== undefined && maxPriorityFeePerGas !== undefined
      ? { maxFeePerGas, maxPriorityFeePerGas }
      : undefined
  const costs = { fee, gasLimit: optional('gas') }
  const to = wanted['to']
  if (to === undefined || to === null) return { ...costs, kind: 'deploy', data, amount }
  if (typeof to !== 'string') throw rpcError(-32602, 'The recipient must be an address.')
  if (data === '0x' && amount > 0n) return { ...costs, kind: 'pay', to, amount }
  return { ...costs, kind: 'call', to, data, amount }
}

/** `personal_sign` takes hex; plain text is what many dapps send all the same. */
function messageOf(value: unknown): string | Uint8Array {
  if (typeof value !== 'string') throw rpcError(-32602, 'The message must be a string.')
  return /^0x([0-9a-fA-F]{2})*$/.test(value) ? hexToBytes(value) : value
}

interface ProviderRpcError extends Error {
  code: number
  data?: unknown
}

function rpcError(code: number, message: string, data?: unknown): ProviderRpcError {
  return Object.assign(new Error(message), { code, ...(data === undefined ? {} : { data }) })
}

/** EIP-1193 errors bear numbers; Coffer's own code travels as data. */
function toProviderError(error: unknown): ProviderRpcError {
  if (!isCofferError(error)) return error as ProviderRpcError
  const code =
    error.code === 'POLICY_REFUSED' || error.code === 'SIGNER_REFUSED'
      ? 4001
      : error.code.startsWith('INVALID')
        ? -32602
        : -32000
  return rpcError(code, error.message, { coffer: error.code })
}
