// A Tron node in memory that tests can bend: what it says, what it holds back, and how far its clock is.
import {
  createWallet,
  memoryStore,
  type Policy,
  type ReadOptions,
  type Store,
  type TronCall,
  type TronResult,
  type TronSource,
  type Wallet,
} from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { TronAccount } from './account.ts'
import { addressFromBytes, addressToHex } from './address.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Address } from './intent.ts'
import { readerCode } from './reader.ts'
import { type Block, blockRead } from './reads.ts'
import { decodeSigned, type TronTransaction, txidOf } from './transaction.ts'
import { type TronChain, type TronOptions, tron } from './tron.ts'

export const MNEMONIC = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
/** The first account of {@link MNEMONIC}. */
export const OWN = 'TUJ2YbSDGtCqzRz7quPQidRCMC98jDAPXc'
export const BOB = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'
export const EVE = 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM'
export const USDT = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
export const TRX = 1_000_000n

type Json = Record<string, unknown>
type Tree = 'wallet' | 'walletsolidity'

/** How a TRC-20 contract answers. */
export interface FakeToken {
  decimals: bigint
  symbol: string
  balances: Map<Address, bigint>
  /** What `transfer` and `approve` return; bare hexadecimal. */
  returns: string
  /** Events that a transfer makes. */
  events: number
  energy: bigint
  penalty: bigint
  /** Why it refuses, where it does. */
  revert?: string
  /** What it answers to a selector, instead of the truth. */
  says: Map<string, string>
  terms: { origin: Address; userPercent: number; originEnergyLimit: number }
}

interface Waiting {
  readonly txid: string
  readonly tx: TronTransaction
}

interface Mined extends Waiting {
  height: number
  ok: boolean
  fee: bigint
}

export interface FakeNode {
  readonly source: TronSource
  readonly calls: TronCall[]
  /** Each broadcast, as it came. */
  readonly broadcasts: string[]
  readonly accounts: Map<Address, Json>
  readonly resources: Map<Address, Json>
  readonly parameters: Map<string, bigint>
  readonly tokens: Map<Address, FakeToken>
  /** TRC-10 tokens by their numbers. */
  readonly issues: Map<string, Json>
  readonly waiting: Map<string, Waiting>
  readonly mined: Map<string, Mined>
  head: { height: number; time: number }
  /** So many blocks behind the newest one is the final one. */
  lag: number
  /** Runs code without a contract. */
  deployless: boolean
  /** Takes transactions and keeps them to itself. */
  withholds: boolean
  /** Changes an answer; `undefined` leaves it as it is. */
  bend: (call: TronCall, result: TronResult) => TronResult | undefined
  /** Runs before a request is answered. */
  before: (calls: readonly TronCall[], options?: ReadOptions) => Promise<void> | void
  transfers?: TronSource['transfers']
  /** Makes blocks; what waits goes into the first one. */
  mine(count?: number): void
  /** Takes a transaction out of its block again; it waits unless it is dropped. */
  reorg(txid: string, drop?: boolean): void
  token(address: Address, changes?: Partial<FakeToken>): FakeToken
}

export const ok = (value: unknown): TronResult => ({ ok: true, value })
export const refused = (message: string): TronResult => ({ ok: false, error: { message } })

/** The id of a block: its height, and bytes that hang on it. */
export function blockId(height: number): string {
  const tail = bytesToHex(keccak_256(utf8ToBytes(`block ${height}`))).slice(0, 48)
  return height.toString(16).padStart(16, '0') + tail
}

const READER = readerCode([])

export function fakeNode(chain: TronSource['chain'] = 'tron:0x2b6653dc'): FakeNode {
  const node: FakeNode = {
    source: {
      family: 'tron',
      chain,
      name: 'fake',
      request: async (calls, options) => {
        await node.before(calls, options)
        node.calls.push(...calls)
        return calls.map((call) => {
          const result = answer(node, call)
          return node.bend(call, result) ?? result
        })
      },
      get transfers() {
        return node.transfers as NonNullable<TronSource['transfers']>
      },
    },
    calls: [],
    broadcasts: [],
    accounts: new Map(),
    resources: new Map(),
    parameters: new Map([
      ['getTransactionFee', 1_000n],
      ['getEnergyFee', 100n],
      ['getMemoFee', TRX],
      ['getMultiSignFee', TRX],
      ['getUpdateAccountPermissionFee', 100n * TRX],
      ['getCreateNewAccountFeeInSystemContract', TRX],
      ['getCreateAccountFee', 100_000n],
      ['getCreateNewAccountBandwidthRate', 1n],
      ['getMaxFeeLimit', 15_000n * TRX],
      ['getUnfreezeDelayDays', 14n],
    ]),
    tokens: new Map(),
    issues: new Map(),
    waiting: new Map(),
    mined: new Map(),
    head: { height: 70_000_000, time: Date.now() },
    lag: 19,
    deployless: true,
    withholds: false,
    bend: () => undefined,
    before: () => {},
    mine: (count = 1) => {
      for (let i = 0; i < count; i++) {
        const before = node.head.time
        node.head = { height: node.head.height + 1, time: before + 3_000 }
        for (const [txid, one] of node.waiting) {
          node.waiting.delete(txid)
          if (Number(one.tx.expiration) <= before) continue
          node.mined.set(txid, { ...one, height: node.head.height, ok: true, fee: 0n })
          move(node, one.tx)
        }
      }
    },
    reorg: (txid, drop = false) => {
      const one = node.mined.get(txid)
      if (!one) throw new Error('nothing to undo')
      node.mined.delete(txid)
      if (!drop) node.waiting.set(txid, one)
    },
    token: (address, changes = {}) => {
      const token: FakeToken = {
        decimals: 6n,
        symbol: 'TOK',
        balances: new Map(),
        returns: word(1n),
        events: 1,
        energy: 29_650n,
        penalty: 0n,
        says: new Map(),
        terms: { origin: EVE, userPercent: 100, originEnergyLimit: 0 },
        ...changes,
      }
      node.tokens.set(address, token)
      return token
    },
  }
  return node
}

/** A wallet of {@link MNEMONIC} on a fake node, with 1,000 TRX and 1,000 USDT in its first account. */
export async function fakeWallet({
  node = fakeNode(),
  store = memoryStore(),
  policy,
  chain,
  options,
  fund = true,
}: {
  node?: FakeNode
  store?: Store
  policy?: Policy
  chain?: TronChain
  options?: TronOptions
  fund?: boolean
} = {}): Promise<{ node: FakeNode; store: Store; wallet: Wallet<[TronChain]>; account: TronAccount }> {
  const wallet = createWallet({
    chains: [chain ?? (tron(options) as TronChain)],
    source: { for: () => node.source },
    signer: softwareSigner({ mnemonic: MNEMONIC }),
    store,
    ...(policy ? { policy } : {}),
  }) as unknown as Wallet<[TronChain]>
  const account = (await wallet.account(wallet.chains[0].id)) as TronAccount
  if (fund && !node.accounts.has(account.address)) {
    give(node, account.address, 1_000n * TRX)
    give(node, BOB, 1n)
    node.token(USDT, { symbol: 'USDT', balances: new Map([[account.address, 1_000n * TRX]]) })
  }
  return { node, store, wallet, account }
}

/** Opens an account with an amount of the coin. */
export function give(node: FakeNode, address: Address, sun: bigint, more: Json = {}): void {
  node.accounts.set(address, { address, balance: json(sun), ...more })
  if (!node.resources.has(address)) node.resources.set(address, { freeNetLimit: 600 })
}

/** An integer as a source passes it on: digits where a JS number cannot hold it. */
export function json(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
}

export const word = (value: bigint): string => value.toString(16).padStart(64, '0')

/** An ABI `string`. */
export function abiText(text: string): string {
  const bytes = utf8ToBytes(text)
  const body = bytesToHex(bytes)
  return word(32n) + word(BigInt(bytes.length)) + body.padEnd(Math.ceil(body.length / 64) * 64, '0')
}

/** The newest or the final block of a node, read as the chain reads it. */
export async function blockOf({ source }: FakeNode, tree: Tree): Promise<Block> {
  const { path, body, parse } = blockRead(tree)
  const [result] = await source.request([{ path, body }])
  if (!result?.ok) throw new Error('no block')
  return parse(result.value)
}

// ---- answers ----

function answer(node: FakeNode, { path, body = {} }: TronCall): TronResult {
  const [tree, name] = path.split('/') as [Tree, string]
  const solid = node.head.height - node.lag
  switch (name) {
    case 'getblock': {
      const asked = body['id_or_num']
      const height = asked === undefined ? (tree === 'wallet' ? node.head.height : solid) : Number(asked)
      return ok(blockJson(node, height))
    }
    case 'getaccount':
      return ok(node.accounts.get(String(body['address'])) ?? {})
    case 'getaccountresource':
      return ok(node.resources.get(String(body['address'])) ?? {})
    case 'getReward':
      return ok({ reward: 0 })
    case 'getcandelegatedmaxsize': {
      const { frozenV2 = [] } = node.accounts.get(String(body['owner_address'])) ?? {}
      const type = Number(body['type']) === 1 ? 'ENERGY' : undefined
      const own = (frozenV2 as readonly Json[]).filter((entry) => entry['type'] === type)
      return ok({ max_size: own.reduce((sum, entry) => sum + Number(entry['amount']), 0) })
    }
    case 'getdelegatedresourcev2': {
      const lent = node.accounts.get(String(body['fromAddress'])) ?? {}
      const energy = (lent['account_resource'] ?? {}) as Json
      return ok({
        delegatedResource: [
          {
            frozen_balance_for_bandwidth: lent['delegated_frozenV2_balance_for_bandwidth'],
            frozen_balance_for_energy: energy['delegated_frozenV2_balance_for_energy'],
          },
        ],
      })
    }
    case 'getassetissuebyid':
      return ok(node.issues.get(String(body['value'])) ?? {})
    case 'getchainparameters':
      return ok({
        chainParameter: [...node.parameters].map(([key, value]) =>
          value === 0n ? { key } : { key, value: json(value) },
        ),
      })
    case 'getcontract': {
      const token = node.tokens.get(String(body['value']))
      if (!token) return ok({})
      const { origin, userPercent, originEnergyLimit } = token.terms
      return ok({
        contract_address: body['value'],
        origin_address: origin,
        consume_user_resource_percent: userPercent,
        origin_energy_limit: originEnergyLimit,
      })
    }
    case 'triggerconstantcontract':
      return ok(trial(node, body))
    case 'broadcasthex':
      return ok(take(node, String(body['transaction'])))
    case 'gettransactioninfobyid': {
      const one = node.mined.get(String(body['value']))
      if (!one || (tree === 'walletsolidity' && one.height > solid)) return ok({})
      return ok({
        id: one.txid,
        blockNumber: one.height,
        ...(one.fee > 0n ? { fee: json(one.fee) } : {}),
        receipt: one.ok ? {} : { result: 'REVERT' },
        ...(one.ok ? {} : { result: 'FAILED' }),
      })
    }
    case 'gettransactionbyid': {
      const txid = String(body['value'])
      // A full node finds what waits in the same place.
      if (tree === 'wallet') return ok(node.mined.has(txid) || node.waiting.has(txid) ? { txID: txid } : {})
      const one = node.mined.get(txid)
      return ok(one && one.height <= solid ? { txID: txid } : {})
    }
    case 'gettransactionfrompending':
      return ok(node.waiting.has(String(body['value'])) ? { txID: body['value'] } : {})
    default:
      return refused(`${path} is not served here`)
  }
}

export function blockJson({ head }: Pick<FakeNode, 'head'>, height: number): Json {
  const timestamp = head.time - (head.height - height) * 3_000
  return { blockID: blockId(height), block_header: { raw_data: { number: height, timestamp } } }
}

function take(node: FakeNode, hex: string): Json {
  node.broadcasts.push(hex)
  const { raw, tx } = decodeSigned(hex)
  const txid = txidOf(raw)
  const no = (code: string, message: string): Json => ({ result: false, code, message, txid })
  if (node.waiting.has(txid) || node.mined.has(txid)) return no('DUP_TRANSACTION_ERROR', 'Dup transaction.')
  if (Number(tx.expiration) <= node.head.time)
    return no('TRANSACTION_EXPIRATION_ERROR', 'Transaction expired.')
  if (Number(tx.expiration) > node.head.time + 86_400_000)
    return no('TRANSACTION_EXPIRATION_ERROR', 'Transaction expires too late.')
  if (!node.withholds) node.waiting.set(txid, { txid, tx })
  return { result: true, code: 'SUCCESS', message: '', txid }
}

function move({ accounts }: FakeNode, { contract }: TronTransaction): void {
  if (contract.type !== 'TransferContract') return
  const change = (address: Address, by: bigint): void => {
    const account = accounts.get(address) ?? { address }
    accounts.set(address, { ...account, balance: json(BigInt(String(account['balance'] ?? 0)) + by) })
  }
  change(contract.ownerAddress, -contract.amount)
  change(contract.toAddress, contract.amount)
}

// ---- contracts ----

interface Ran {
  readonly ok: boolean
  readonly data: string
}

function trial(node: FakeNode, body: Readonly<Record<string, unknown>>): Json {
  const data = String(body['data'])
  const called = body['contract_address']
  if (called === undefined) {
    if (!node.deployless)
      return {
        result: { code: 'CONTRACT_VALIDATE_ERROR', message: 'No contract or not a valid smart contract' },
      }
    const returned = data.startsWith(READER) ? runReader(node, data.slice(READER.length)) : ''
    return { result: { result: true }, constant_result: [returned], energy_used: data.length }
  }
  const to = addressFromBytes(hexToBytes(String(called).slice(2)))
  const token = node.tokens.get(to)
  if (!token) return { result: { code: 'CONTRACT_VALIDATE_ERROR', message: 'Smart contract is not exist.' } }
  const { ok: done, data: returned } = run(token, data)
  const moves = /^(a9059cbb|095ea7b3)/.test(data)
  return {
    result: { result: true, ...(done ? {} : { message: bytesToHex(utf8ToBytes('REVERT opcode executed')) }) },
    energy_used: json(token.energy),
    ...(token.penalty > 0n ? { energy_penalty: json(token.penalty) } : {}),
    constant_result: [returned],
    logs: Array.from({ length: moves && done ? token.events : 0 }, () => ({
      address: addressToHex(to).slice(2),
    })),
    transaction: { ret: [done ? {} : { ret: 'FAILED' }] },
  }
}

function run(token: FakeToken, data: string): Ran {
  const selector = data.slice(0, 8)
  const said = token.says.get(selector)
  if (said !== undefined) return { ok: true, data: said }
  const party = data.length >= 72 ? addressFromBytes(hexToBytes(data.slice(32, 72))) : ''
  switch (selector) {
    case '313ce567':
      return { ok: true, data: word(token.decimals) }
    case '95d89b41':
    case '06fdde03':
      return { ok: true, data: abiText(token.symbol) }
    case '70a08231':
      return { ok: true, data: word(token.balances.get(party) ?? 0n) }
    case 'dd62ed3e':
      return { ok: true, data: word(0n) }
    default:
      if (token.revert !== undefined) return { ok: false, data: `08c379a0${abiText(token.revert)}` }
      return { ok: true, data: token.returns }
  }
}

/** What the code of `reader.ts` returns, without running it. */
function runReader(node: FakeNode, input: string): string {
  let returned = ''
  for (let at = 0; at < input.length; ) {
    const to = addressFromBytes(hexToBytes(input.slice(at, at + 40)))
    const length = Number.parseInt(input.slice(at + 40, at + 44), 16) * 2
    const token = node.tokens.get(to)
    // A call of nobody succeeds, and returns nothing.
    const { ok: done, data } = token
      ? run(token, input.slice(at + 44, at + 44 + length))
      : { ok: true, data: '' }
    const body = data.slice(0, 2_048)
    returned += (done ? '01' : '00') + (body.length / 2).toString(16).padStart(4, '0') + body
    at += 44 + length
  }
  return returned
}
