import { isJson, type Json, writeLossless } from '../json.ts'
import type { Answer, Ask, Call, HttpCall, Lie, RpcCall } from '../lie.ts'
import { reorged } from './bitcoin.ts'
import { any, flipped, hex, integer, isSaid, param, path, rpc, tron, withHttp, withParams } from './make.ts'
import { heightOf, isNewest } from './tron.ts'

const ELECTRUM_TIP = 'blockchain.headers.subscribe'
const EVM_BLOCK = rpc('eth_getBlockByNumber')
/** Where the block stands in the parameters of what is asked of a state. */
const STATE: Readonly<Record<string, number>> = {
  eth_getBalance: 1,
  eth_getTransactionCount: 1,
  eth_getCode: 1,
  eth_call: 1,
  eth_getStorageAt: 2,
}
const TRON_TIP = (call: Call): boolean =>
  tron('getnowblock')(call) || (tron('getblock')(call) && isNewest(call))
const TIPS = any(
  rpc('eth_blockNumber', ELECTRUM_TIP, 'getbestblockhash', 'getblockcount', 'getblockchaininfo'),
  (call) => EVM_BLOCK(call) && isTag(param(call, 0)),
  path(/\/blocks\/tip(?:\/hash|\/height)?$|\/api(?:\/v\d)?\/?$/),
  TRON_TIP,
)
const isPush = (call: Call): boolean =>
  call.protocol === 'rpc' &&
  call.pushed === true &&
  /^(eth_subscription|blockchain\.headers\.subscribe)$/.test(call.method)

/** G14: a server that lags: its newest block, and on EVM chains its state, are `by` blocks old. It tells subscribers nothing. */
export function stale(by: number): Lie {
  const isState = rpc(...Object.keys(STATE))
  return {
    name: 'heads.stale',
    attack: 'G14',
    about: any(TIPS, isPush, (call) => isState(call) && isTag(param(call, STATE[call.method] ?? 0))),
    tell(call, ask) {
      if (isPush(call)) return undefined
      if (call.protocol === 'http')
        return tron('getnowblock', 'getblock')(call) ? staleTron(call, by, ask) : staleRest(call, by, ask)
      return call.method.startsWith('eth_') ? staleEvm(call, by, ask) : staleBitcoin(call, by, ask)
    },
  }
}

async function staleEvm(call: RpcCall, by: number, ask: Ask): Promise<Answer> {
  const top = await ask({ ...withParams(call, []), method: 'eth_blockNumber' })
  const height = above0(Number(integer(top.value)) - by)
  if (call.method === 'eth_blockNumber') return { ...top, value: hex(height) }
  const at = EVM_BLOCK(call) ? 0 : (STATE[call.method] ?? 0)
  // Clients may leave the block out, which means the newest one.
  const asked = (block: number): RpcCall =>
    withParams(call, [...call.params.slice(0, at), hex(block), ...call.params.slice(at + 1)])
  // Older than the newest block anyway.
  if (call.params[at] === 'finalized' || call.params[at] === 'safe') {
    const { value } = await ask(
      withParams({ ...call, method: 'eth_getBlockByNumber' }, [call.params[at], false]),
    )
    const own = Number(integer(isJson(value) ? value.number : 0))
    return ask(asked(Math.min(own, height)))
  }
  return ask(asked(height))
}

async function staleBitcoin(call: RpcCall, by: number, ask: Ask): Promise<Answer> {
  const answer = await ask()
  const { value } = answer
  if (call.method === ELECTRUM_TIP && isJson(value)) {
    const height = above0(Number(value.height) - by)
    const header = await ask({ ...withParams(call, [height]), method: 'blockchain.block.header' })
    return { ...answer, value: { ...value, height, hex: header.value } }
  }
  const count = await ask({ ...withParams(call, []), method: 'getblockcount' })
  const height = above0(Number(count.value) - by)
  if (call.method === 'getblockcount') return { ...answer, value: height }
  const hash = await ask({ ...withParams(call, [height]), method: 'getblockhash' })
  if (call.method === 'getbestblockhash') return { ...answer, value: hash.value }
  return isJson(value)
    ? { ...answer, value: { ...value, blocks: height, headers: height, bestblockhash: hash.value } }
    : answer
}

async function staleRest(call: HttpCall, by: number, ask: Ask): Promise<Answer> {
  const answer = await ask()
  const { value } = answer
  if (!isSaid(answer)) return answer
  if (isJson(value)) {
    if (!isJson(value.blockbook)) return answer
    const bestHeight = above0(Number(value.blockbook.bestHeight) - by)
    return { ...answer, value: { ...value, blockbook: { ...value.blockbook, bestHeight } } }
  }
  const root = call.path.replace(/\/blocks\/tip.*$/, '')
  const top = await ask(withHttp(call, { path: `${root}/blocks/tip/height` }))
  const height = above0(Number(top.value) - by)
  if (call.path.endsWith('/height')) return { ...answer, value: height }
  return { ...(await ask(withHttp(call, { path: `${root}/block-height/${height}` }))) }
}

async function staleTron(call: HttpCall, by: number, ask: Ask): Promise<Answer> {
  const height = above0(heightOf((await ask()).value) - by)
  if (call.path.endsWith('getnowblock'))
    return {
      ...(await ask(
        withHttp(call, { path: call.path.replace(/getnowblock$/, 'getblockbynum'), body: { num: height } }),
      )),
    }
  const body = isJson(call.body) ? call.body : {}
  return { ...(await ask(withHttp(call, { body: { ...body, id_or_num: String(height) } }))) }
}

/** G14: a server whose newest block never changes again: what it said first it says for ever. It tells subscribers nothing. */
export function frozen(): Lie {
  const first = new Map<string, Promise<Answer>>()
  return {
    name: 'heads.frozen',
    attack: 'G14',
    about: any(TIPS, isPush),
    async tell(call, ask) {
      if (isPush(call)) return undefined
      const key =
        call.protocol === 'rpc'
          ? writeLossless([call.method, call.params])
          : writeLossless([call.path, call.query, call.body])
      const known = first.get(key)
      if (known) return { ...(await known) }
      const answer = ask()
      first.set(key, answer)
      return answer
    },
  }
}

/** G11: a newest block of another hash at the height of the real one. */
export function otherHash(): Lie {
  // Hashes of ours, and those that they stand for.
  const honest = new Map<string, string>()
  const isOurs = (call: Call): string | undefined => [...honest.keys()].find((told) => isNamed(call, told))
  return {
    name: 'heads.otherHash',
    attack: 'G11',
    about: (call) => TIPS(call) || (!isPush(call) && isOurs(call) !== undefined),
    async tell(call, ask) {
      const told = isOurs(call)
      if (told !== undefined) return standIn(call, ask, told, honest.get(told) ?? '')
      const answer = await ask()
      if (!isSaid(answer)) return answer
      const { value } = answer
      if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) {
        honest.set(flipped(value), value)
        return { ...answer, value: flipped(value) }
      }
      if (!isJson(value)) return answer
      if (typeof value.hex === 'string') return { ...answer, value: { ...value, hex: reorged(value.hex) } }
      const key = ['hash', 'blockID', 'bestblockhash'].find((one) => typeof value[one] === 'string')
      if (!key) return answer
      const hash = String(value[key])
      honest.set(flipped(hash), hash)
      return { ...answer, value: { ...value, [key]: flipped(hash) } }
    },
  }
}

function isNamed(call: Call, hash: string): boolean {
  return call.protocol === 'rpc' ? call.params.includes(hash) : call.path.includes(hash)
}

/** Asks about the real block, and tells it under our hash. */
async function standIn(call: Call, ask: Ask, told: string, hash: string): Promise<Answer> {
  const answer =
    call.protocol === 'rpc'
      ? await ask(
          withParams(
            call,
            call.params.map((one) => (one === told ? hash : one)),
          ),
        )
      : await ask(withHttp(call, { path: call.path.replace(told, hash) }))
  const rename = (value: Json): Json =>
    Object.fromEntries(Object.entries(value).map(([key, member]) => [key, member === hash ? told : member]))
  return isJson(answer.value) ? { ...answer, value: rename(answer.value) } : { ...answer }
}

function isTag(block: unknown): boolean {
  return block === undefined || (typeof block === 'string' && !block.startsWith('0x'))
}

function above0(height: number): number {
  return Math.max(0, height)
}
