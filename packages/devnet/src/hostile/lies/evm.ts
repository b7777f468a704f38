import { isJson, type Json } from '../json.ts'
import type { Lie } from '../lie.ts'
import { word } from './contract-reads.ts'
import { any, changing, hex, integer, param, rpc } from './make.ts'

export { allowance, balance as tokenBalance, decimals, symbol, tokenName, unreadable } from './tokens.ts'

/** E1: a node of another chain. */
export function chainId(id: bigint): Lie {
  return changing('evm.chainId', 'E1', rpc('eth_chainId', 'net_version'), (_, { method }) =>
    method === 'eth_chainId' ? hex(id) : id.toString(),
  )
}

const PRICES = rpc('eth_gasPrice', 'eth_maxPriorityFeePerGas', 'eth_feeHistory')
const BLOCKS = rpc('eth_getBlockByNumber', 'eth_getBlockByHash')

/** E6: everything that a node says of prices is this: the price, the tip, base fees and rewards of the past. */
export function gasPrice(weiPerGas: bigint): Lie {
  const price = hex(weiPerGas)
  return changing('evm.gasPrice', 'E6', any(PRICES, BLOCKS), (value) => {
    if (!isJson(value)) return value === null ? value : price
    return { ...value, ...pricesOf(value, price, price) }
  })
}

/** E6: the base fee of blocks, past and next. */
export function baseFee(weiPerGas: bigint): Lie {
  return changing(
    'evm.baseFee',
    'E6',
    any(rpc('eth_feeHistory', 'eth_baseFee'), BLOCKS),
    (value, { method }) => {
      if (method === 'eth_baseFee') return hex(weiPerGas)
      return isJson(value) ? { ...value, ...pricesOf(value, hex(weiPerGas), undefined) } : value
    },
  )
}

/** E6: what miners are said to be paid on top. */
export function priorityFee(weiPerGas: bigint): Lie {
  const about = rpc('eth_maxPriorityFeePerGas', 'eth_feeHistory')
  return changing('evm.priorityFee', 'E6', about, (value) =>
    isJson(value) ? { ...value, ...pricesOf(value, undefined, hex(weiPerGas)) } : hex(weiPerGas),
  )
}

function pricesOf(value: Json, base: string | undefined, tip: string | undefined): Json {
  const { baseFeePerGas, reward } = value
  const bases = Array.isArray(baseFeePerGas) ? baseFeePerGas.map(() => base) : base
  const tips = Array.isArray(reward)
    ? reward.map((row) => (Array.isArray(row) ? row.map(() => tip) : row))
    : reward
  return {
    ...(base === undefined || baseFeePerGas === undefined ? {} : { baseFeePerGas: bases }),
    ...(tip === undefined || reward === undefined ? {} : { reward: tips }),
  }
}

/** E6: how much gas a call is said to need. */
export function gasEstimate(gas: bigint): Lie {
  return changing('evm.gasEstimate', 'E6', rpc('eth_estimateGas'), () => hex(gas))
}

/** E7: a nonce that is too low (below zero), too high, or leaves a gap; never under zero. With `tag` for one block alone. */
export function nonce(by: bigint, options: { readonly tag?: string } = {}): Lie {
  return changing('evm.nonce', 'E7', rpc('eth_getTransactionCount'), (value, call) => {
    if (options.tag !== undefined && param(call, 1) !== options.tag) return value
    const told = integer(value) + by
    return hex(told > 0n ? told : 0n)
  })
}

/** G14: another balance, for whoever asks. */
export function balance(wei: bigint): Lie {
  return changing('evm.balance', 'G14', rpc('eth_getBalance'), () => hex(wei))
}

/** E3, E8: other code at an address, or at all of them: a contract that is none, a delegation. */
export function code(bytes: string, options: { readonly address?: string } = {}): Lie {
  const wanted = options.address?.toLowerCase()
  return changing('evm.code', 'E3', rpc('eth_getCode'), (value, call) =>
    wanted === undefined || String(param(call, 0)).toLowerCase() === wanted ? bytes : value,
  )
}

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/** What a poisoned row claims. Addresses are hexadecimal. */
export interface PoisonedLog {
  readonly token: string
  readonly from: string
  readonly to: string
  /** 0 when not given, as those who poison write it. */
  readonly amount?: bigint
}

/** G1: a transfer that never was, in every answer about logs that asks for such a one. */
export function poisonedLogs({ token, from, to, amount = 0n }: PoisonedLog): Lie {
  const topics = [
    TRANSFER,
    ...[from, to].map((address) => `0x${address.slice(2).toLowerCase().padStart(64, '0')}`),
  ]
  return changing('evm.poisonedLogs', 'G1', rpc('eth_getLogs'), (value, call) => {
    const filter = param(call, 0)
    if (!Array.isArray(value) || !isJson(filter)) return value
    const wanted: readonly unknown[] = Array.isArray(filter.topics) ? filter.topics : []
    const isWanted = topics.every(
      (topic, i) => wanted[i] === undefined || wanted[i] === null || [wanted[i]].flat().includes(topic),
    )
    if (!isWanted) return value
    const blockNumber = /^0x/.test(String(filter.toBlock)) ? filter.toBlock : '0x1'
    const log = {
      ...{ address: token.toLowerCase(), topics, data: `0x${word(amount)}`, blockNumber },
      ...{ transactionHash: `0x${'9e'.repeat(32)}`, transactionIndex: '0x0', logIndex: '0x0' },
      ...{ blockHash: `0x${'9f'.repeat(32)}`, removed: false },
    }
    return [...value, log]
  })
}

export interface SwappedEvm {
  readonly to?: string
  /** In wei. */
  readonly value?: bigint
  readonly data?: string
}

/** G15, E2: another recipient, amount or data in whatever the node says of a transaction, or builds of one. */
export function swapped(change: SwappedEvm): Lie {
  const fields = {
    ...(change.to === undefined ? {} : { to: change.to }),
    ...(change.value === undefined ? {} : { value: hex(change.value) }),
    ...(change.data === undefined ? {} : { input: change.data }),
  }
  const about = any(rpc('eth_getTransactionByHash', 'eth_fillTransaction', 'eth_signTransaction'), BLOCKS)
  return changing('evm.swapped', 'G15', about, (value) => {
    if (!isJson(value)) return value
    if (isJson(value.tx)) return { ...value, tx: { ...value.tx, ...fields } }
    if (!Array.isArray(value.transactions))
      return 'hash' in value && 'nonce' in value && 'from' in value ? { ...value, ...fields } : value
    if (!value.transactions.some(isJson)) return value
    return {
      ...value,
      transactions: value.transactions.map((tx) => (isJson(tx) ? { ...tx, ...fields } : tx)),
    }
  })
}

/** G11, G12: a receipt that says the contrary: failed for done, done for failed. */
export function receiptStatus(): Lie {
  return changing('evm.receiptStatus', 'G11', rpc('eth_getTransactionReceipt'), (value) =>
    isJson(value) ? { ...value, status: value.status === '0x1' ? '0x0' : '0x1' } : value,
  )
}

/** G11, G12: transactions that were never heard of: neither they nor their receipts. */
export function unknownTransaction(): Lie {
  return changing(
    'evm.unknownTransaction',
    'G11',
    rpc('eth_getTransactionByHash', 'eth_getTransactionReceipt'),
    () => null,
  )
}
