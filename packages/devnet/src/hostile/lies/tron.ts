import { isJson, type Json } from '../json.ts'
import type { Call, Lie } from '../lie.ts'
import { list } from './bitcoin-answers.ts'
import { any, changing, flipped, integer, number, tron, withHttp } from './make.ts'
import { type SwappedTron, swapTransaction } from './tron-transaction.ts'

export { allowance, balance as tokenBalance, decimals, symbol, tokenName, unreadable } from './tokens.ts'
export type { SwappedTron } from './tron-transaction.ts'

const BLOCK = tron('getnowblock', 'getblock', 'getblockbynum', 'getblockbyid')
const MAINNET_GENESIS = '00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc'

/** G10: a node of another chain, by its first block; the main network's when not given. */
export function genesis(blockId: string = MAINNET_GENESIS): Lie {
  return changing('tron.genesis', 'G10', BLOCK, (value, call) =>
    isJson(value) && isFirst(call) ? { ...value, blockID: blockId } : value,
  )
}

function isFirst(call: Call): boolean {
  const { num, id_or_num: which } = bodyOf(call)
  return num === 0 || String(which) === '0'
}

/** T1: another transaction than was asked for, whole: fields, bytes and id fit together. In answers that build or show one. */
export function transaction(change: SwappedTron): Lie {
  const isBuilder = (value: unknown): value is Json => isJson(value) && typeof value.raw_data_hex === 'string'
  const about = (call: Call): boolean =>
    call.protocol === 'http' && /\/wallet(?:solidity)?\//.test(call.path) && !/\/broadcast/.test(call.path)
  return changing('tron.transaction', 'T1', about, (value) => {
    if (isBuilder(value)) return swapTransaction(value, change)
    if (!isJson(value)) return value
    if (isBuilder(value.transaction))
      return { ...value, transaction: swapTransaction(value.transaction, change) }
    if (!list(value.transactions).some(isBuilder)) return value
    return {
      ...value,
      transactions: list(value.transactions).map((tx) => (isBuilder(tx) ? swapTransaction(tx, change) : tx)),
    }
  })
}

/** T4: prices and limits of the chain, by their names in `wallet/getchainparameters`: `{ getEnergyFee: 10n ** 9n }`, in sun. */
export function parameters(values: Readonly<Record<string, bigint>>): Lie {
  return changing('tron.parameters', 'T4', tron('getchainparameters'), (value) => {
    if (!isJson(value) || !Array.isArray(value.chainParameter)) return value
    const known = list(value.chainParameter)
    const told = known.map((one) => {
      const lie = values[String(one.key)]
      return lie === undefined ? one : { ...one, value: number(lie) }
    })
    const added = Object.entries(values).filter(([key]) => !known.some((one) => one.key === key))
    return {
      ...value,
      chainParameter: [...told, ...added.map(([key, lie]) => ({ key, value: number(lie) }))],
    }
  })
}

/** T4: the energy that a call is said to use. */
export function energy(amount: bigint): Lie {
  return changing('tron.energy', 'T4', tron('estimateenergy', 'triggerconstantcontract'), (value) => {
    if (!isJson(value)) return value
    if ('energy_required' in value) return { ...value, energy_required: number(amount) }
    return 'energy_used' in value ? { ...value, energy_used: number(amount) } : value
  })
}

/** T4: what an account may use before it burns coin: staked energy and bandwidth that it does not have. */
export function resources(limits: { readonly energy?: bigint; readonly bandwidth?: bigint }): Lie {
  return changing('tron.resources', 'T4', tron('getaccountresource'), (value) =>
    isJson(value)
      ? {
          ...value,
          ...(limits.energy === undefined ? {} : { EnergyLimit: number(limits.energy), EnergyUsed: 0 }),
          ...(limits.bandwidth === undefined ? {} : { NetLimit: number(limits.bandwidth), NetUsed: 0 }),
        }
      : value,
  )
}

/** G14: another balance of TRX, in sun, for whoever asks. */
export function balance(sun: bigint): Lie {
  return changing('tron.balance', 'G14', tron('getaccount'), (value, call) => {
    if (!isJson(value)) return value
    // An account that was never opened is told as one that was.
    return { address: bodyOf(call).address, ...value, balance: number(sun) }
  })
}

/** T5, G13: blocks whose time is off by so many milliseconds. */
export function clock(byMs: number): Lie {
  return changing(
    'tron.clock',
    'T5',
    any(BLOCK, tron('getblockbylimitnext', 'getblockbylatestnum')),
    (value) => {
      const moved = (block: unknown): unknown => {
        if (!isJson(block) || !isJson(block.block_header)) return block
        const { block_header: header } = block
        const raw = isJson(header.raw_data) ? header.raw_data : {}
        const timestamp = number(integer(raw.timestamp ?? 0) + BigInt(byMs))
        return { ...block, block_header: { ...header, raw_data: { ...raw, timestamp } } }
      }
      if (isJson(value) && Array.isArray(value.block)) return { ...value, block: value.block.map(moved) }
      return moved(value)
    },
  )
}

/** T5, T6: the final block is another than it is: `by` blocks nearer to the newest one, never past it; below zero, farther back. */
export function solid(by: number): Lie {
  const about = (call: Call): boolean =>
    tron('getnowblock', 'getblock')(call) &&
    call.protocol === 'http' &&
    /walletsolidity/.test(call.path) &&
    isNewest(call)
  return changing('tron.solid', 'T5', about, async (value, call, ask) => {
    const wallet = 'path' in call ? call.path.replace(/walletsolidity\/.*$/, 'wallet/') : ''
    const top = heightOf((await ask(withHttp(call, { path: `${wallet}getnowblock`, body: {} }))).value)
    const height = Math.max(0, Math.min(top, heightOf(value) + by))
    if (height === heightOf(value)) return value
    return (await ask(withHttp(call, { path: `${wallet}getblockbynum`, body: { num: height } }))).value
  })
}

/** T6, G11: transactions that were never heard of: neither they nor what became of them. */
export function unknownTransaction(): Lie {
  const about = tron('gettransactionbyid', 'gettransactioninfobyid', 'gettransactionfrompending')
  return changing('tron.unknownTransaction', 'T6', about, () => ({}))
}

/** G14: other holders of a permission than there are: an account that would be taken over. Addresses as the node writes them. */
export function ownerPermission(address: string): Lie {
  return changing('tron.ownerPermission', 'T3', tron('getaccount'), (value) => {
    const owner_permission = { permission_name: 'owner', threshold: 1, keys: [{ address, weight: 1 }] }
    return isJson(value) ? { ...value, owner_permission } : value
  })
}

/** A question about the newest block, and not about one of a height. */
export function isNewest(call: Call): boolean {
  return !('id_or_num' in bodyOf(call)) && !(call.protocol === 'http' && /id_or_num=/.test(call.query))
}

export function heightOf(block: unknown): number {
  const header = isJson(block) && isJson(block.block_header) ? block.block_header : {}
  // Protobuf leaves a zero out.
  return Number((isJson(header.raw_data) ? header.raw_data.number : undefined) ?? 0)
}

export function otherId(block: Json): Json {
  return { ...block, blockID: flipped(String(block.blockID)) }
}

function bodyOf(call: Call): Json {
  return call.protocol === 'http' && isJson(call.body) ? call.body : {}
}
