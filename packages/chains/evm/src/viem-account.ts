import {
  type Acceptance,
  CofferError,
  createDraft,
  createWallet,
  type Policy,
  type Signer,
  type Store,
} from '@coffer/core'
import type { LocalAccount, SignableMessage, TransactionSerializable } from 'viem'
import { accountAddress } from './address.ts'
import type { EvmChain } from './evm.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { AccessList, Address, EvmTransaction, Hex } from './intent.ts'
import { intentOf } from './intent-of.ts'
import { encodeUnsigned } from './transaction.ts'

export interface ViemAccountOptions {
  /** The chains for which it signs; a transaction of another chain id is refused. */
  readonly chains: readonly EvmChain[]
  /** Account index, 0 when not given. */
  readonly index?: number | undefined
  /** A key path of your own instead. */
  readonly path?: string | undefined
  /** Held against everything that viem asks to be signed. */
  readonly policy?: Policy | undefined
  /** Where the policy's windows rest. */
  readonly store?: Store | undefined
  /** Dangers that you say yes to for everything that this account signs. */
  readonly accept?: readonly Acceptance[] | undefined
}

/**
 * Any Coffer signer as a viem account, for `createWalletClient({ account })` and everything that takes one. What viem builds is
 * decoded, inspected and held against the policy before it is signed.
 *
 * @example
 * const account = await toViemAccount(softwareSigner({ mnemonic }), { chains: [ethereum()] })
 * const client = createWalletClient({ account, chain: mainnet, transport: http(url) })
 */
export async function toViemAccount(
  signer: Signer,
  options: ViemAccountOptions,
): Promise<LocalAccount<'coffer'>> {
  const { chains, index = 0, policy, store, accept = [] } = options
  const [first] = chains
  if (!first)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Name at least one chain: { chains: [ethereum()] }.',
    })
  const path = signer.keys === 'single' ? 'm' : (options.path ?? first.path(index))
  const key = await signer.publicKey(path)
  // viem counts nonces itself, and sends a second transaction with one nonce to replace the first.
  const unclaimed = chains.map(({ claim: _, release: __, ...chain }) => chain)
  const wallet = createWallet({ chains: unclaimed, signer, policy, store })
  const descriptor = first.describe(key)

  return {
    address: accountAddress(descriptor, first.network),
    publicKey: bytesToHex(key.publicKey),
    source: 'coffer',
    type: 'local',
    signMessage: async ({ message }) => (await wallet.signMessage(descriptor, textOrBytes(message))) as Hex,
    signTypedData: async (typedData) => {
      const { types, primaryType, message, domain = {} } = typedData as Record<string, unknown>
      const chain = chainOfDomain(domain, chains) ?? first
      const account = chain.describe(key)
      return (await wallet.signTypedData(account, { types, primaryType, message, domain }, { accept })) as Hex
    },
    signTransaction: async (transaction) => {
      const chain = chains.find(({ network }) => network.id === `eip155:${transaction.chainId}`)
      if (!chain) throw wrongChain(transaction.chainId, chains)
      const tx = fromViem(transaction, chain)
      const draft = createDraft(chain, {
        chain: chain.id,
        account: chain.describe(key),
        intent: intentOf(tx, chain.network),
        payload: encodeUnsigned(tx),
        hints: {},
      })
      return (await wallet.sign(draft, { accept })).raw as Hex
    },
  }
}

function fromViem(given: TransactionSerializable, chain: EvmChain): EvmTransaction {
  // One bag of optional fields instead of viem's union of five; each field is checked below or by the codec.
  const tx = given as Record<string, unknown>
  if (tx['blobs'] || tx['blobVersionedHashes'] || tx['authorizationList'])
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: 'Blob transactions and EIP-7702 authorisations are not signed through this account.',
    })
  const big = (name: string): bigint => {
    const value = tx[name] ?? 0n
    if (typeof value === 'bigint') return value
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
    throw new CofferError({ code: 'INVALID_REQUEST', message: `The transaction's ${name} must be a bigint.` })
  }
  const common = {
    chainId: BigInt(chain.id.slice('eip155:'.length)),
    nonce: big('nonce'),
    gasLimit: big('gas'),
    to: (tx['to'] ?? null) === null ? null : (chain.parseAddress(tx['to'] as string) as Address),
    value: big('value'),
    data: (tx['data'] ?? '0x') as Hex,
  }
  const accessList = (tx['accessList'] ?? []) as AccessList
  if (tx['maxFeePerGas'] !== undefined || tx['type'] === 'eip1559')
    return {
      ...common,
      type: 'eip1559',
      maxFeePerGas: big('maxFeePerGas'),
      maxPriorityFeePerGas: big('maxPriorityFeePerGas'),
      accessList,
    }
  const gasPrice = big('gasPrice')
  return tx['accessList'] || tx['type'] === 'eip2930'
    ? { ...common, type: 'eip2930', gasPrice, accessList }
    : { ...common, type: 'legacy', gasPrice }
}

function textOrBytes(message: SignableMessage): string | Uint8Array {
  if (typeof message === 'string') return message
  return typeof message.raw === 'string' ? hexToBytes(message.raw) : message.raw
}

function chainOfDomain(domain: unknown, chains: readonly EvmChain[]): EvmChain | undefined {
  const id = (domain as { chainId?: unknown }).chainId
  if (id === undefined) return undefined
  const chain = chains.find((chain) => chain.id === `eip155:${String(id)}`)
  if (!chain) throw wrongChain(id, chains)
  return chain
}

function wrongChain(id: unknown, chains: readonly EvmChain[]): CofferError {
  return new CofferError({
    code: 'CHAIN_MISMATCH',
    message: `This account signs for ${chains.map((chain) => chain.name).join(', ')}, not for chain id ${String(id)}.`,
  })
}
