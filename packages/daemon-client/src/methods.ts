import type { RpcCall } from '@coffer/core'

const READ =
  /^(?:[a-zA-Z0-9]+_get[A-Z]\w*|eth_(?:call|callMany|estimate\w+|chainId|blockNumber|gasPrice|maxPriorityFeePerGas|feeHistory|blobBaseFee|syncing|createAccessList|simulateV1|protocolVersion)|net_\w+|web3_\w+|debug_trace\w+|trace_\w+|txpool_\w+)$/

/**
 * True for methods that change nothing and depend on nothing but the chain: only these are joined, coalesced, and asked
 * of another node after a failure. Everything else, `eth_sendRawTransaction` above all, counts as a write.
 */
export function isRead(call: RpcCall): boolean {
  return READ.test(call.method) && !/^eth_get(?:Filter|Work)/.test(call.method)
}
