import { addressToHex } from '@coffer/tron'
import { address as bitcoinAddress, networks, Transaction } from 'bitcoinjs-lib'
import { utils } from 'tronweb'
import { decodeFunctionData, erc20Abi, parseTransaction, recoverTransactionAddress } from 'viem'
import type { Door, Nodes } from './world.fixture.ts'

/** What signed bytes do, as a library that is not ours reads them. */
export interface Reading {
  /** Who gets how much of what: the coin, or the contract of a token. Change among it. */
  readonly pays: readonly { readonly to: string; readonly amount: bigint; readonly token?: string }[]
  /** The most that it can cost, in base units of the coin. */
  readonly mostFee: bigint
}

type Chain = Door['chain']

export const readSigned: Record<Chain, (raw: string, nodes: Nodes) => Promise<Reading>> = {
  async ethereum(raw) {
    const serialized = raw as `0x02${string}`
    const tx = parseTransaction(serialized)
    await recoverTransactionAddress({ serializedTransaction: serialized })
    const mostFee = (tx.gas ?? 0n) * (tx.maxFeePerGas ?? tx.gasPrice ?? 0n)
    if (!tx.data || tx.data === '0x')
      return { pays: [{ to: tx.to!.toLowerCase(), amount: tx.value ?? 0n }], mostFee }
    const { functionName, args } = decodeFunctionData({ abi: erc20Abi, data: tx.data })
    if (functionName !== 'transfer' || tx.value) throw new Error(`It calls ${functionName} with ${tx.value}.`)
    const pays = [{ to: args[0].toLowerCase(), amount: args[1], token: tx.to!.toLowerCase() }]
    return { pays, mostFee }
  },

  async regtest(raw, { bitcoin }) {
    const { ins, outs } = Transaction.fromHex(raw)
    let fee = -outs.reduce((sum, { value }) => sum + value, 0n)
    // What the inputs hold, from the node itself and not from whoever lied.
    for (const { hash, index } of ins) {
      const before = await bitcoin.rpc<string>('getrawtransaction', [
        Buffer.from(hash).reverse().toString('hex'),
      ])
      fee += Transaction.fromHex(before).outs[index]!.value
    }
    const addressOf = (script: Uint8Array) => bitcoinAddress.fromOutputScript(script, networks.regtest)
    return { pays: outs.map(({ script, value }) => ({ to: addressOf(script), amount: value })), mostFee: fee }
  },

  async 'tron-devnet'(raw) {
    // Field 1 of the transaction: the raw data, with its length.
    const bytes = Buffer.from(raw, 'hex')
    const [length, start] = bytes[1]! < 0x80 ? [bytes[1]!, 2] : [(bytes[1]! & 0x7f) | (bytes[2]! << 7), 3]
    const data = bytes.subarray(start, start + length)
    const type = /type\.googleapis\.com\/protocol\.(\w+Contract)/.exec(data.toString('latin1'))![1]!
    const { contract, fee_limit } = utils.deserializeTx.deserializeTransaction(type, data.toString('hex'))
    const { to_address, amount, data: call, contract_address, call_value } = contract[0].parameter.value
    // A byte costs 1,000 sun, and a new account 1.1 TRX.
    const mostFee = BigInt(fee_limit ?? 0) + BigInt(raw.length / 2 + 64) * 1_000n + 1_100_000n
    if (type === 'TransferContract')
      return { pays: [{ to: String(to_address).toLowerCase(), amount: BigInt(amount) }], mostFee }
    if (type !== 'TriggerSmartContract' || call_value) throw new Error(`It is a ${type} with ${call_value}.`)
    const { functionName, args } = decodeFunctionData({ abi: erc20Abi, data: `0x${call.toLowerCase()}` })
    if (functionName !== 'transfer') throw new Error(`It calls ${functionName}.`)
    const to = `41${args[0].slice(2).toLowerCase()}`
    return { pays: [{ to, amount: args[1], token: contract_address.toLowerCase() }], mostFee }
  },
}

/** An address as {@link readSigned} writes it. */
export function written(chain: Chain, address: string): string {
  return chain === 'tron-devnet' ? addressToHex(address).toLowerCase() : address.toLowerCase()
}

const word = (address: string): string => address.slice(2).toLowerCase().padStart(64, '0')

/** What an address has, from the node itself. */
export async function holds(nodes: Nodes, chain: Chain, address: string, token?: string): Promise<bigint> {
  const { ethereum, bitcoin, tron } = nodes
  if (chain === 'regtest') {
    const scan = await bitcoin.rpc<{ total_amount: number }>('scantxoutset', ['start', [`addr(${address})`]])
    return BigInt(Math.round(scan.total_amount * 1e8))
  }
  if (chain === 'ethereum') {
    if (token === undefined) return BigInt(await ethereum.rpc<string>('eth_getBalance', [address, 'latest']))
    const call = { to: token, data: `0x70a08231${word(address)}` }
    return BigInt(await ethereum.rpc<string>('eth_call', [call, 'latest']))
  }
  if (token === undefined) {
    const account = await tron.request<{ balance?: number }>('wallet/getaccount', { address, visible: true })
    return BigInt(account.balance ?? 0)
  }
  const { constant_result } = await tron.request<{ constant_result: string[] }>(
    'wallet/triggerconstantcontract',
    {
      owner_address: address,
      contract_address: token,
      function_selector: 'balanceOf(address)',
      parameter: addressToHex(address).slice(2).padStart(64, '0'),
      visible: true,
    },
  )
  return BigInt(`0x${constant_result[0]}`)
}
