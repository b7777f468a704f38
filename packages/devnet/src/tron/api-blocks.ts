import { toJson, transactionJson } from './api-json.ts'
import { sha256Hex } from './bytes.ts'
import type { Block } from './chain.ts'
import { type ApiRequest, type Endpoints, longParam } from './endpoint.ts'
import type { JsonObject } from './json.ts'
import { witnessKeys } from './keys.ts'
import { blockRaw, type TransactionInfo, transactionInfo } from './messages.ts'
import { parameter } from './parameters.ts'
import { encode } from './protobuf.ts'

const MAX_RANGE = 100n

/** Blocks, transactions, and what holds for the whole chain. */
export const blockReads: Endpoints = {
  getnowblock: (request) => blockJson(request, request.head),
  getblock(request) {
    const { params } = request
    const detail = String(params.detail) === 'true'
    if (params.id_or_num === undefined || params.id_or_num === '')
      return blockJson(request, request.head, detail)
    const wanted = String(params.id_or_num)
    if (/^-?\d{1,18}$/.test(wanted)) {
      if (BigInt(wanted) < 0n) return { Error: 'num must be non-positive number.' }
      return blockJson(request, visibleBlock(request, BigInt(wanted)), detail)
    }
    if (!/^[0-9a-fA-F]{64}$/.test(wanted)) return { Error: 'id must be legal block hash.' }
    return blockJson(request, blockById(request, wanted), detail)
  },
  getblockbynum: (request) => blockJson(request, visibleBlock(request, longParam(request, 'num'))),
  getblockbyid: (request) => blockJson(request, blockById(request, String(request.params.value ?? ''))),
  getblockbylimitnext(request) {
    const [start, end] = [longParam(request, 'startNum'), longParam(request, 'endNum')]
    if (end <= 0n || end <= start || end - start > MAX_RANGE) return {}
    return blockList(request, start, end)
  },
  getblockbylatestnum(request) {
    const count = longParam(request, 'num')
    if (count <= 0n || count >= MAX_RANGE) return {}
    const end = request.head.number + 1n
    return blockList(request, end > count ? end - count : 0n, end)
  },

  gettransactionbyid(request) {
    const txid = String(request.params.value ?? '').toLowerCase()
    const found = executedOf(request, txid)
    return found ? transactionJson(found.tx, request.visible) : {}
  },
  gettransactioninfobyid(request) {
    const txid = String(request.params.value ?? '').toLowerCase()
    const found = minedOf(request, txid)
    return found ? infoJson(found.info, request.visible) : {}
  },
  gettransactioninfobyblocknum(request) {
    const block = visibleBlock(request, longParam(request, 'num'))
    return (block?.transactions ?? []).map(({ info }) => infoJson(info, request.visible))
  },
  gettransactioncountbyblocknum(request) {
    const block = visibleBlock(request, longParam(request, 'num'))
    return { count: block ? block.transactions.length : -1 }
  },

  getchainparameters: ({ state }) => ({
    chainParameter: Object.entries(state.parameters).map(([key, value]) => ({
      key,
      ...(value !== 0n && { value }),
    })),
  }),
  getenergyprices: ({ state }) => ({ prices: state.prices.getEnergyFee }),
  getbandwidthprices: ({ state }) => ({ prices: state.prices.getTransactionFee }),
  getmemofee: ({ state }) => ({ prices: state.prices.getMemoFee }),
  getnextmaintenancetime({ state, head }) {
    const interval = parameter(state.parameters, 'getMaintenanceTimeInterval')
    return { num: (head.timestamp / interval + 1n) * interval }
  },
  getnodeinfo({ chain, head }) {
    return {
      beginSyncNum: head.number,
      block: `Num:${head.number},ID:${head.id}`,
      solidityBlock: `Num:${chain.solid().number},ID:${chain.solid().id}`,
      currentConnectCount: 0,
      activeConnectCount: 0,
      passiveConnectCount: 0,
      totalFlow: 0,
      peerList: [],
      configNodeInfo: { codeVersion: '4.8.0', supportConstant: true, dbVersion: 2 },
      machineInfo: {},
      cheatWitnessInfoMap: {},
    }
  },
  listnodes: () => ({}),
  getpendingsize: ({ chain }) => ({ pendingSize: chain.pending().length }),
  gettransactionlistfrompending: ({ chain }) => ({ txId: chain.pending().map(({ txid }) => txid) }),
  gettransactionfrompending({ chain, params, visible }) {
    const found = chain.pending().find(({ txid }) => txid === params.value)
    return found ? transactionJson(found.tx, visible) : {}
  },
}

function blockJson({ visible }: ApiRequest, block: Block | undefined, detail = true): JsonObject {
  if (!block) return {}
  const transactions = block.transactions.map(({ tx }) => transactionJson(tx, visible))
  return {
    blockID: block.id,
    block_header: { raw_data: toJson(blockRaw, block.raw, visible), witness_signature: signatureOf(block) },
    ...(detail && transactions.length > 0 && { transactions }),
  }
}

function infoJson(info: TransactionInfo, visible: boolean): JsonObject {
  // Logs name contracts by 20 bytes, except for people.
  const log = visible ? info.log.map((row) => ({ ...row, address: `41${row.address}` })) : info.log
  return toJson(transactionInfo, { ...info, log }, visible)
}

function visibleBlock({ chain, head }: ApiRequest, number: bigint): Block | undefined {
  return number >= 0n && number <= head.number ? chain.block(number) : undefined
}

function blockById(request: ApiRequest, id: string): Block | undefined {
  if (!/^[0-9a-fA-F]{64}$/.test(id)) return undefined
  const block = visibleBlock(request, BigInt(`0x${id.slice(0, 16)}`))
  return block?.id === id.toLowerCase() ? block : undefined
}

function blockList(request: ApiRequest, start: bigint, end: bigint): JsonObject {
  const block: JsonObject[] = []
  for (let number = start; number < end; number++) {
    const found = visibleBlock(request, number)
    if (found) block.push(blockJson(request, found))
  }
  return block.length > 0 ? { block } : {}
}

function minedOf({ chain, head }: ApiRequest, txid: string): Block['transactions'][number] | undefined {
  const block = chain.blockOf(txid)
  if (!block || block.number > head.number) return undefined
  return block.transactions.find((one) => one.txid === txid)
}

/** A full node knows what waits, too. */
function executedOf(request: ApiRequest, txid: string): Block['transactions'][number] | undefined {
  const waiting = request.isSolid ? [] : request.chain.pending()
  return minedOf(request, txid) ?? waiting.find((one) => one.txid === txid)
}

const signatures = new WeakMap<Block, string>()

/** Made when it is asked for, since nobody but a reader of a block needs it. */
function signatureOf(block: Block): string {
  const known = signatures.get(block)
  if (known) return known
  const key = witnessKeys().find(({ address }) => address === block.raw.witness_address)
  const signature = key && block.number > 0n ? key.sign(sha256Hex(encode(blockRaw, block.raw))) : ''
  signatures.set(block, signature)
  return signature
}
