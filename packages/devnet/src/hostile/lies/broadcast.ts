import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesOf, hexOf, sha256Hex } from '../../tron/bytes.ts'
import { rawData, transaction } from '../../tron/messages.ts'
import { decode, encode } from '../../tron/protobuf.ts'
import { isJson, type Json } from '../json.ts'
import type { Answer, Call, HttpCall, Lie, RpcCall } from '../lie.ts'
import { decodeTx, txidOf } from './bitcoin-bytes.ts'
import { any, flipped, isSaid, path, rpc } from './make.ts'

/** Broadcasts of all families: Ethereum, Electrum, Bitcoin Core, Esplora, Blockbook, Tron. */
export const isBroadcast: (call: Call) => boolean = any(
  rpc('eth_sendRawTransaction', 'blockchain.transaction.broadcast', 'sendrawtransaction'),
  (call) =>
    call.method === 'POST' && path(/\/tx$|\/sendtx\/?$|\/wallet\/broadcast(?:transaction|hex)$/)(call),
  path(/\/sendtx\/[0-9a-f]+$/),
)

/** T6, G12: says yes, under the right id, and sends nothing. */
export function withheld(): Lie {
  return lie('broadcast.withheld', 'T6', async (call) => accepted(call, idOf(call)))
}

/** G12: sends, and cuts the connection instead of an answer. */
export function lostReply(): Lie {
  return {
    name: 'broadcast.lostReply',
    attack: 'G12',
    about: isBroadcast,
    async tell(_, ask) {
      await ask()
      return (out) => out.cut()
    },
  }
}

/** G12: sends, and says no. */
export function refusedAfter(reason = 'insufficient fee'): Lie {
  return lie('broadcast.refusedAfter', 'G12', async (call, ask) => {
    await ask()
    return refused(call, reason)
  })
}

/** G12: says no, and sends nothing. */
export function refusedBefore(reason = 'insufficient fee'): Lie {
  return lie('broadcast.refusedBefore', 'G12', async (call) => refused(call, reason))
}

/** G12: sends twice, and tells what the second one was answered: mostly that it is known already. */
export function duplicated(): Lie {
  return lie('broadcast.duplicated', 'G12', async (_, ask) => {
    await ask()
    return { ...(await ask()) }
  })
}

/** G12: sends, and answers with the id of another transaction. */
export function otherId(txid?: string): Lie {
  return lie('broadcast.otherId', 'G12', async (_, ask) => {
    const answer = await ask()
    if (!isSaid(answer)) return answer
    const { value } = answer
    if (typeof value === 'string') return { ...answer, value: txid ?? flipped(value) }
    if (!isJson(value)) return answer
    const key = 'txid' in value ? 'txid' : 'result'
    return typeof value[key] === 'string'
      ? { ...answer, value: { ...value, [key]: txid ?? flipped(value[key]) } }
      : answer
  })
}

function lie(
  name: string,
  attack: string,
  tell: (call: Call, ask: () => Promise<Answer>) => Promise<Answer>,
): Lie {
  return { name, attack, about: isBroadcast, tell }
}

/** The id of what is sent, from its bytes. */
function idOf(call: Call): string {
  if (call.protocol === 'rpc') {
    const raw = String(call.params[0])
    return call.method === 'eth_sendRawTransaction'
      ? `0x${hexOf(keccak_256(bytesOf(raw.slice(2))))}`
      : bitcoinId(raw)
  }
  if (isTron(call)) return tronId(isJson(call.body) ? call.body : {})
  return bitcoinId(typeof call.body === 'string' ? call.body.trim() : call.path.replace(/^.*\//, ''))
}

function bitcoinId(raw: string): string {
  const tx = decodeTx(raw)
  return tx ? txidOf(tx) : '00'.repeat(32)
}

function tronId({ raw_data_hex: raw, transaction: hex, txID }: Json): string {
  if (typeof raw === 'string') return sha256Hex(raw)
  if (typeof hex !== 'string') return String(txID)
  const { raw_data: decoded } = decode(transaction, hex)
  return decoded ? sha256Hex(encode(rawData, decoded)) : '00'.repeat(32)
}

function accepted(call: RpcCall | HttpCall, txid: string): Answer {
  if (call.protocol === 'rpc') return { value: txid }
  if (isTron(call)) return { value: { result: true, txid } }
  return { value: isBlockbook(call) ? { result: txid } : txid }
}

function refused(call: Call, reason: string): Answer {
  if (call.protocol === 'rpc')
    return { error: { code: call.method.startsWith('eth_') ? -32000 : -26, message: reason } }
  if (isTron(call))
    return {
      value: {
        code: 'CONTRACT_VALIDATE_ERROR',
        txid: idOf(call),
        message: Buffer.from(reason).toString('hex'),
      },
    }
  if (isBlockbook(call)) return { status: 400, value: { error: `-26: ${reason}` } }
  const said = JSON.stringify({ code: -26, message: reason })
  return { status: 400, value: `sendrawtransaction RPC error: ${said}` }
}

const isTron = (call: HttpCall): boolean => /\/wallet\//.test(call.path)
const isBlockbook = (call: HttpCall): boolean => /\/sendtx/.test(call.path)
