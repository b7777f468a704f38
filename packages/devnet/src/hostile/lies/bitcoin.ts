import { isJson, type Json } from '../json.ts'
import type { Answer, Ask, Call, Lie } from '../lie.ts'
import {
  changeOutputs,
  HISTORY,
  list,
  same,
  TRANSACTION,
  TRANSACTIONS,
  toCoins,
  txidIn,
} from './bitcoin-answers.ts'
import { hash256, littleHex, reversed } from './bitcoin-bytes.ts'
import { any, changing, isSaid, number, path, rpc, withHttp, withParams } from './make.ts'

export { inventedCoin } from './bitcoin-invented.ts'

/** Which output; every one of every transaction when not given. */
export interface WhichOutput {
  readonly txid?: string
  readonly vout?: number
}

/** B1: what an output holds, in the bytes of its transaction, in lists, and where an input tells what it spends. */
export function outputAmount(satoshi: bigint | ((before: bigint) => bigint), which: WhichOutput = {}): Lie {
  return outputs('bitcoin.outputAmount', which, (value) => ({
    value: typeof satoshi === 'bigint' ? satoshi : satoshi(value),
  }))
}

/** B1: whom an output pays. */
export function outputScript(script: string, which: WhichOutput = {}): Lie {
  return outputs('bitcoin.outputScript', which, () => ({ script }))
}

function outputs(
  name: string,
  { txid, vout }: WhichOutput,
  lie: (value: bigint) => { readonly value?: bigint; readonly script?: string },
): Lie {
  return changing(name, 'B1', any(TRANSACTION, TRANSACTIONS), (answer, call) =>
    changeOutputs(answer, (output, at, told) => {
      const of = told ?? txidIn(call)
      if ((vout !== undefined && at !== vout) || (txid !== undefined && of !== txid)) return output
      return { ...output, ...lie(output.value) }
    }),
  )
}

/** B1: one transaction is given where another was asked for. */
export function otherTransaction(txid: string, options: { readonly insteadOf?: string } = {}): Lie {
  return {
    name: 'bitcoin.otherTransaction',
    attack: 'B1',
    about: TRANSACTION,
    tell(call, ask) {
      const asked = txidIn(call)
      if (asked === undefined || asked === txid) return ask()
      if (options.insteadOf !== undefined && asked !== options.insteadOf) return ask()
      if (call.protocol === 'rpc') return ask(withParams(call, [txid, ...call.params.slice(1)]))
      return ask(withHttp(call, { path: call.path.replace(asked, txid) }))
    },
  }
}

/** G14: a transaction, and with it its coins, that no history, block, pool or list of coins has. */
export function hiddenTransaction(txid: string): Lie {
  return changing('bitcoin.hiddenTransaction', 'G14', HISTORY, (value) => withoutTx(value, txid))
}

function withoutTx(value: unknown, txid: string): unknown {
  const isIt = (item: unknown): boolean =>
    item === txid || (isJson(item) && [item.txid, item.tx_hash].includes(txid))
  if (Array.isArray(value))
    return same(
      value,
      value.filter((item) => !isIt(item)),
    )
  if (!isJson(value)) return value
  let told: Json = value
  for (const key of ['transactions', 'txids', 'txs', 'tx', 'unspents']) {
    const before = value[key]
    if (!Array.isArray(before)) continue
    const after = same(
      before,
      before.filter((item) => !isIt(item)),
    )
    if (after !== before) told = { ...told, [key]: after }
  }
  return told
}

/** G14: history without its older rows: `keep` of them are left, of the newest. */
export function truncatedHistory(keep: number): Lie {
  const about = any(
    rpc('blockchain.scripthash.get_history'),
    path(/\/(?:address|scripthash)\/[^/]+\/txs(?:\/.*)?$/),
    path(/\/api(?:\/v\d)?\/address\/[^/]+$/),
  )
  return changing('bitcoin.truncatedHistory', 'G14', about, (value, call) => {
    if (call.protocol === 'http' && /\/txs\/chain\/[0-9a-f]{64}$/.test(call.path)) return []
    const cut = (rows: readonly unknown[], isNewestFirst: boolean): readonly unknown[] => {
      if (rows.length <= keep) return rows
      return isNewestFirst ? rows.slice(0, keep) : rows.slice(rows.length - keep)
    }
    if (Array.isArray(value)) return cut(value, call.protocol === 'http')
    if (!isJson(value)) return value
    const key = ['transactions', 'txids'].find((one) => Array.isArray(value[one]))
    if (!key) return value
    const before = value[key] as unknown[]
    const after = cut(before, true)
    return after === before ? value : { ...value, [key]: after, txs: after.length, totalPages: 1 }
  })
}

/** G14: coins that hold more than they do, and balances with them, wherever they are told without the bytes. */
export function balance(satoshi: bigint): Lie {
  const about = any(
    rpc(
      'blockchain.scripthash.get_balance',
      'blockchain.scripthash.listunspent',
      'getbalance',
      'listunspent',
      'scantxoutset',
    ),
    path(/\/(?:address|scripthash)\/[^/]+(?:\/utxo)?$/),
    path(/\/api(?:\/v\d)?\/utxo\/[^/]+$/),
  )
  return changing('bitcoin.balance', 'G14', about, (value) => {
    const coin = (item: unknown): unknown => {
      if (!isJson(item)) return item
      if ('amount' in item) return { ...item, amount: toCoins(satoshi) }
      return 'value' in item
        ? { ...item, value: typeof item.value === 'string' ? satoshi.toString() : number(satoshi) }
        : item
    }
    if (Array.isArray(value)) return same(value, value.map(coin))
    if (typeof value === 'number') return toCoins(satoshi)
    if (!isJson(value)) return value
    if ('confirmed' in value) return { ...value, confirmed: number(satoshi) }
    if (isJson(value.chain_stats))
      return {
        ...value,
        chain_stats: { ...value.chain_stats, funded_txo_sum: number(satoshi), spent_txo_sum: 0 },
      }
    if ('total_amount' in value)
      return { ...value, total_amount: toCoins(satoshi), unspents: list(value.unspents).map(coin) }
    return 'balance' in value ? { ...value, balance: satoshi.toString() } : value
  })
}

/** B6: rates, all of them, in satoshi for one virtual byte. */
export function feeRates(satPerVb: number): Lie {
  const coinsPerKvb = satPerVb / 1e5
  const about = any(
    rpc('blockchain.estimatefee', 'estimatesmartfee', 'mempool.get_fee_histogram'),
    path(/\/fee-estimates$|\/fees\/recommended$|\/api(?:\/v\d)?\/estimatefee\/\d+$/),
  )
  return changing('bitcoin.feeRates', 'B6', about, (value, call) => {
    if (Array.isArray(value))
      return value.map((row) => (Array.isArray(row) ? [satPerVb, ...row.slice(1)] : row))
    if (!isJson(value)) return coinsPerKvb
    if (call.method === 'estimatesmartfee')
      return {
        blocks: call.protocol === 'rpc' ? call.params[0] : 1,
        ...value,
        feerate: coinsPerKvb,
        errors: undefined,
      }
    if ('result' in value)
      return { ...value, result: typeof value.result === 'string' ? String(coinsPerKvb) : coinsPerKvb }
    const targets = Object.keys(value).length > 0 ? Object.keys(value) : ['1', '3', '6']
    return Object.fromEntries(targets.map((target) => [target, satPerVb]))
  })
}

const MERKLE = '3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a'
const GENESIS = {
  mainnet: `01000000${'00'.repeat(32)}${MERKLE}29ab5f49ffff001d1dac2b7c`,
  testnet: `01000000${'00'.repeat(32)}${MERKLE}dae5494dffff001d1aa4ae18`,
}

/** B4: a server of another network, by its first block. */
export function genesis(network: keyof typeof GENESIS): Lie {
  const header = GENESIS[network]
  const hash = hash256(header)
  const about = any(
    rpc('server.features', 'blockchain.block.header', 'getblockhash', 'getblockchaininfo'),
    path(/\/block-height\/0$|\/block-index\/0$/),
  )
  return changing('bitcoin.genesis', 'B4', about, (value, call) => {
    if (call.protocol === 'http') return isJson(value) ? { ...value, blockHash: hash } : hash
    if (call.method === 'server.features') return isJson(value) ? { ...value, genesis_hash: hash } : value
    if (call.method === 'getblockchaininfo')
      return isJson(value) ? { ...value, chain: network === 'mainnet' ? 'main' : 'test' } : value
    if (call.params[0] !== 0) return value
    return call.method === 'getblockhash' ? hash : header
  })
}

const HEADERS = any(
  rpc('blockchain.block.header', 'blockchain.block.headers', 'getblockhash'),
  path(/\/block-height\/\d+$|\/block-index\/\d+$/),
)

/** G11: headers at and above a height that the server does not have. */
export function withheldHeaders(from: number): Lie {
  return {
    name: 'bitcoin.withheldHeaders',
    attack: 'G11',
    about: (call) => HEADERS(call) && heightIn(call) >= from,
    tell(call): Answer {
      if (call.protocol === 'http') return { status: 404, value: 'Block not found' }
      const code = call.method === 'getblockhash' ? -8 : 1
      return { error: { code, message: 'Block height out of range' } }
    },
  }
}

/** G11: other blocks at and above a height: the same headers but for their nonce, so that their hashes are others. */
export function reorgedHeaders(from: number): Lie {
  // Hashes of ours, by which the block may be asked for next, and those that they stand for.
  const honest = new Map<string, string>()
  const other = async (hash: string, header: Promise<string>): Promise<string> => {
    const told = hash256(reorged(await header))
    honest.set(told, hash)
    return told
  }
  return {
    name: 'bitcoin.reorgedHeaders',
    attack: 'G11',
    about: any(HEADERS, path(/\/block\/[0-9a-f]{64}(?:\/.*)?$/), rpc('getblockheader', 'getblock')),
    async tell(call, ask) {
      if (!HEADERS(call)) return byHash(call, ask, honest)
      const answer = await ask()
      const { value } = answer
      if (!isSaid(answer) || heightIn(call) < from) return answer
      if (call.method === 'blockchain.block.header' && typeof value === 'string')
        return { ...answer, value: reorged(value) }
      if (call.protocol === 'http' && typeof value === 'string') {
        const header = ask(
          withHttp(call, { path: call.path.replace(/block-height\/\d+$/, `block/${value}/header`) }),
        )
        return {
          ...answer,
          value: await other(
            value,
            header.then((said) => String(said.value)),
          ),
        }
      }
      if (call.method === 'getblockhash' && typeof value === 'string') {
        const header = ask({ ...withParams(call, [value, false]), method: 'getblockheader' })
        return {
          ...answer,
          value: await other(
            value,
            header.then((said) => String(said.value)),
          ),
        }
      }
      return answer
    },
  }
}

async function byHash(call: Call, ask: Ask, honest: ReadonlyMap<string, string>): Promise<Answer> {
  const asked = txidIn(call)
  const hash = asked === undefined ? undefined : honest.get(asked)
  if (asked === undefined || hash === undefined) return ask()
  const answer =
    call.protocol === 'rpc'
      ? await ask(withParams(call, [hash, ...call.params.slice(1)]))
      : await ask(withHttp(call, { path: call.path.replace(asked, hash) }))
  const { value } = answer
  if (typeof value === 'string' && /^[0-9a-f]{160}$/.test(value)) return { ...answer, value: reorged(value) }
  if (!isJson(value)) return { ...answer }
  return { ...answer, value: { ...value, ...('id' in value ? { id: asked } : { hash: asked }) } }
}

/** The header with another nonce: no work was done for it. */
export function reorged(header: string): string {
  const nonce = Number(BigInt(`0x${reversed(header.slice(-8))}`))
  return header.slice(0, -8) + littleHex(nonce ^ 1, 4)
}

function heightIn(call: Call): number {
  if (call.protocol === 'rpc') return Number(call.params[0])
  return Number(/\d+$/.exec(call.path)?.[0])
}
