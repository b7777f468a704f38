import { accountReads } from './api-accounts.ts'
import { blockReads } from './api-blocks.ts'
import { broadcasts } from './api-broadcast.ts'
import { builders } from './api-build.ts'
import { contractCalls } from './api-contracts.ts'
import { ApiError, problemOf } from './api-json.ts'
import type { Chain } from './chain.ts'
import type { Endpoints } from './endpoint.ts'
import { isObject, type JsonObject, parseJson } from './json.ts'

const full: Endpoints = { ...blockReads, ...accountReads, ...contractCalls, ...builders, ...broadcasts }

/** What of it a solidity node serves. Resources, parameters and contracts are not among it. */
const solid: readonly string[] = [
  ...[
    'getnowblock',
    'getblock',
    'getblockbynum',
    'getblockbyid',
    'getblockbylimitnext',
    'getblockbylatestnum',
  ],
  ...['gettransactionbyid', 'gettransactioninfobyid', 'gettransactioninfobyblocknum'],
  ...['gettransactioncountbyblocknum', 'getenergyprices', 'getbandwidthprices', 'getnodeinfo'],
  ...[
    'getaccount',
    'getaccountbyid',
    'getReward',
    'getBrokerage',
    'listwitnesses',
    'getpaginatednowwitnesslist',
  ],
  ...['getdelegatedresourcev2', 'getdelegatedresourceaccountindexv2', 'getcandelegatedmaxsize'],
  ...[
    'getcanwithdrawunfreezeamount',
    'getavailableunfreezecount',
    'getassetissuebyid',
    'getassetissuebyname',
  ],
  ...[
    'getassetissuelist',
    'getassetissuelistbyname',
    'getpaginatedassetissuelist',
    'listexchanges',
    'getexchangebyid',
  ],
  ...['triggerconstantcontract', 'estimateenergy'],
]

/**
 * java-tron's HTTP API: the answer to one request as a value for `writeJson`, or undefined for a path that it does not serve.
 * What goes wrong is in the answer, as `Error`.
 */
export async function answerApi(
  chain: Chain,
  path: readonly string[],
  query: URLSearchParams,
  body: string,
): Promise<unknown> {
  const [api, name = ''] = path
  const isSolid = api === 'walletsolidity'
  if ((!isSolid && api !== 'wallet') || path.length !== 2) return undefined
  if (isSolid && !solid.includes(name)) return undefined
  const endpoint = Object.hasOwn(full, name) ? full[name] : undefined
  if (!endpoint) return undefined
  try {
    const params = paramsOf(query, body)
    const visible = String(params.visible) === 'true'
    const head = isSolid ? chain.solid() : chain.head()
    const state = isSolid ? head.state : chain.pendingState()
    return await endpoint({ chain, params, visible, state, head, isSolid })
  } catch (error) {
    return { Error: problemOf(error) }
  }
}

function paramsOf(query: URLSearchParams, body: string): JsonObject {
  const given = Object.fromEntries(query)
  if (body.trim() === '') return given
  const parsed = parseJson(body)
  if (!isObject(parsed)) {
    throw new ApiError('com.alibaba.fastjson.JSONException', 'The body must be a JSON object.')
  }
  return { ...given, ...parsed }
}
