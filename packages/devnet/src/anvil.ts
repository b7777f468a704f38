import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { CofferError } from '@coffer/core'
import { BatchDelegate, LyingToken, MultiToken, Nft, NoReturnToken, Sink, Token } from './artifacts.ts'
import { multicall3Address, multicall3Code } from './multicall3.ts'
import type { NodeOptions, Started } from './node.ts'
import { jsonRpc, type Rpc, type RpcCall } from './rpc.ts'
import { supervise, throwIfAborted } from './supervise.ts'

export type Address = `0x${string}`
export type TxId = `0x${string}`

/** A local chain of the EVM family: real Anvil behind a JSON-RPC endpoint, and the controls a test needs. */
export interface EvmNode {
  /** The JSON-RPC endpoint, `http://127.0.0.1:PORT`. */
  readonly url: string
  /** The same endpoint for subscriptions, `ws://127.0.0.1:PORT`. */
  readonly wsUrl: string
  /** CAIP-2, such as `eip155:1`. */
  readonly chain: string
  /** Tokens that stand at their mainnet addresses, and one that lies. Anyone may mint them. */
  readonly tokens: EvmTokens
  readonly contracts: EvmContracts

  /**
   * The faucet: adds `amount` to the balance of `address`, in wei, or in base units of `token` (an address or a key of
   * `tokens`), by a transaction that is in a block when this returns. While no blocks are mined on their own it mines
   * one, with whatever else waits. Throws `INVALID_ADDRESS`, `INVALID_AMOUNT`, or `DEVNET_FAILED` when the recipient
   * refuses.
   */
  fund(address: string, what: { amount: bigint; token?: string }): Promise<TxId>
  /** A new token at a new address, like USDC in its manner: EIP-2612 permits, open `mint`. Costs no block. */
  deployToken(options: TokenOptions): Promise<Address>

  /** Mines `blocks` blocks, 1 by default. */
  mine(blocks?: number): Promise<void>
  /** Replaces the last `depth` blocks by as many empty ones. Their transactions are gone, not pending again. */
  reorg(depth: number): Promise<void>
  /** Whether each transaction gets its block at once. Turning it on mines what waits. */
  setAutomine(on: boolean): Promise<void>
  setBalance(address: string, wei: bigint): Promise<void>
  setNextBaseFee(weiPerGas: bigint): Promise<void>
  /** Moves the clock of the chain forward and mines a block there. */
  advanceTime(seconds: number): Promise<void>
  /** Remembers the chain as it is: blocks, state and the next base fee; not the clock, not the pool. */
  snapshot(): Promise<string>
  /** Goes back to a snapshot, which is used up by it, and so are later ones. */
  revert(id: string): Promise<void>
  /** Forgets a waiting transaction. False when none such was waiting. */
  dropTransaction(txid: string): Promise<boolean>
  /** Any other method of the node: `eth_*`, `anvil_*`, `evm_*`, `debug_*`, `trace_*`, `ots_*`, `txpool_*`. */
  rpc<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>
}

export interface EvmToken {
  readonly address: Address
  readonly symbol: string
  readonly decimals: number
}

export interface EvmTokens {
  /** On Ethereum it returns nothing from `transfer`, as the real one. On BNB Smart Chain it is an ordinary token. */
  readonly USDT: EvmToken
  readonly USDC: EvmToken
  readonly DAI: EvmToken
  /** Lies about its decimals, shows a symbol that reads as another, may refuse transfers without reverting. */
  readonly LIAR: EvmToken
}

export interface EvmContracts {
  readonly multicall3: Address
  /** ERC-721 with an open `mint(to, id)`. */
  readonly nft: Address
  /** ERC-1155 with an open `mint(to, id, amount)`. */
  readonly multiToken: Address
  /** A target for EIP-7702 delegations: `execute` runs a batch of calls, for the account itself only. */
  readonly batchDelegate: Address
  /** Takes any payment until `setRefuses(true)`. */
  readonly sink: Address
}

export interface TokenOptions {
  /** At most 31 bytes. */
  readonly name: string
  /** At most 31 bytes. */
  readonly symbol: string
  /** 0 to 255. */
  readonly decimals: number
}

interface EvmKind {
  readonly chainId: number
  readonly args: readonly string[]
  /** What the faucet tips, as transactions on the real chain do. */
  readonly tip: bigint
  readonly tokens: Omit<EvmTokens, 'LIAR'>
  readonly usdtCode: string
}

const tether = { name: 'Tether USD', symbol: 'USDT' }

const kinds: Record<'ethereum' | 'bnb', EvmKind> = {
  ethereum: {
    chainId: 1,
    // Anvil says: safe = head - slots, finalized = head - 2 * slots. Here that makes 2 and 4 blocks.
    args: ['--slots-in-an-epoch', '2'],
    tip: 1_000_000_000n,
    tokens: {
      USDT: { address: '0xdAC17F958D2ee523a2206206994597C13D831ec7', symbol: 'USDT', decimals: 6 },
      USDC: { address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48', symbol: 'USDC', decimals: 6 },
      DAI: { address: '0x6B175474E89094C44Da98b954EedeAC495271d0F', symbol: 'DAI', decimals: 18 },
    },
    usdtCode: tokenCode(NoReturnToken.bytecode, { ...tether, decimals: 6 }),
  },
  bnb: {
    chainId: 56,
    // Final after 2 blocks, as on the real chain. Its base fee is zero and stays there.
    args: ['--slots-in-an-epoch', '1', '--block-base-fee-per-gas', '0'],
    tip: 50_000_000n,
    tokens: {
      USDT: { address: '0x55d398326f99059fF775485246999027B3197955', symbol: 'USDT', decimals: 18 },
      USDC: { address: '0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d', symbol: 'USDC', decimals: 18 },
      DAI: { address: '0x1AF3F329e8BE154074D8769D1FFa4eE058B1DBc3', symbol: 'DAI', decimals: 18 },
    },
    usdtCode: tokenCode(Token.bytecode, { ...tether, decimals: 18 }),
  },
}

/** Ours, where no mainnet address is due. `LIAR` is worth reading as 18 decimals; it says otherwise itself. */
const liar: EvmToken = { address: '0xC0ffe20000000000000000000000000000000001', symbol: 'LIAR', decimals: 18 }
const contracts: EvmContracts = {
  multicall3: multicall3Address,
  nft: '0xc0fFe20000000000000000000000000000000002',
  multiToken: '0xC0ffe20000000000000000000000000000000003',
  batchDelegate: '0xC0ffE20000000000000000000000000000000004',
  sink: '0xC0ffE20000000000000000000000000000000005',
}

/** Starts one Anvil with its tokens in place. */
export async function startAnvil(kind: keyof typeof kinds, options: NodeOptions): Promise<Started<EvmNode>> {
  const { chainId, args, tip, tokens, usdtCode } = kinds[kind]
  const { blockTime, signal, onProgress } = options
  onProgress('starting anvil')
  const anvil = await supervise({
    name: 'anvil',
    command: anvilBinary(),
    args: (folder) => [
      ...['--host', '127.0.0.1', '--port', '0', '--chain-id', String(chainId), ...args],
      ...(blockTime === undefined ? [] : ['--block-time', String(blockTime)]),
      // One account, and not the one of the mnemonic that everyone tests with: that one belongs to the tests.
      ...['--accounts', '1', '--mnemonic-seed-unsafe', '7702', '--balance', '1000000000000'],
      ...['--cache-path', folder],
    ],
    ready: /Listening on (127\.0\.0\.1:\d+)/,
    signal,
  })
  try {
    const url = `http://${anvil.match[1]}`
    const rpc = jsonRpc(url)
    onProgress('placing tokens')
    await place(rpc, [
      [tokens.USDT.address, usdtCode],
      [tokens.USDC.address, tokenCode(Token.bytecode, { name: 'USD Coin', ...tokens.USDC })],
      [tokens.DAI.address, tokenCode(Token.bytecode, { name: 'Dai Stablecoin', ...tokens.DAI })],
      [liar.address, LyingToken.bytecode],
      [contracts.nft, Nft.bytecode],
      [contracts.multiToken, MultiToken.bytecode],
      [contracts.batchDelegate, BatchDelegate.bytecode],
      [contracts.sink, Sink.bytecode],
    ])
    const [, , accounts] = await rpc.batch([
      ['anvil_setCode', [multicall3Address, multicall3Code]],
      ['anvil_setLoggingEnabled', [false]],
      ['eth_accounts'],
    ])
    throwIfAborted(signal)
    onProgress(`ready at ${url}`)
    const faucet = (accounts as [Address])[0]
    const chain = `eip155:${chainId}`
    const node = evmNode({ rpc, url, chain, tokens: { ...tokens, LIAR: liar }, faucet, tip })
    return { node, stop: anvil.stop }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

interface EvmNodeParts {
  readonly rpc: Rpc
  readonly url: string
  readonly chain: string
  readonly tokens: EvmTokens
  readonly faucet: Address
  readonly tip: bigint
}

function evmNode({ rpc, url, chain, tokens, faucet, tip }: EvmNodeParts): EvmNode {
  let deployed = 0
  const baseFees = new Map<string, string>()
  // One at a time: Anvil gives concurrent transactions of an unlocked account the same nonce.
  let queue: Promise<unknown> = Promise.resolve()
  const send = (tx: { to: Address; value?: string; data?: string }): Promise<TxId> => {
    const sent = queue.then(async () => {
      const fees = { maxPriorityFeePerGas: hex(tip), maxFeePerGas: hex(10n ** 18n) }
      const [txid, automine] = (await rpc.batch([
        ['eth_sendTransaction', [{ from: faucet, ...fees, ...tx }]],
        ['anvil_getAutomine'],
      ])) as [TxId, boolean]
      if (!automine) await rpc.call('evm_mine')
      for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
        const receipt = await rpc.call<{ status: string } | null>('eth_getTransactionReceipt', [txid])
        if (receipt?.status === '0x1') return txid
        if (receipt) break
      }
      throw new CofferError({
        code: 'DEVNET_FAILED',
        message: `The faucet's transaction ${txid} did not succeed.`,
        details: { txid, ...tx },
      })
    })
    queue = sent.catch(() => {})
    return sent
  }

  return {
    url,
    wsUrl: url.replace('http', 'ws'),
    chain,
    tokens,
    contracts,

    async fund(address, { amount, token }) {
      const to = checkedAddress(address)
      checkAmount(amount)
      if (token === undefined) return send({ to, value: hex(amount) })
      const known = Object.hasOwn(tokens, token) ? tokens[token as keyof EvmTokens].address : token
      return send({ to: checkedAddress(known), data: `0x40c10f19${word(to)}${word(hex(amount))}` })
    },
    async deployToken(options) {
      deployed += 1
      const address: Address = `0xc0ffe2${'1'.padEnd(34 - 8, '0')}${deployed.toString(16).padStart(8, '0')}`
      await place(rpc, [[address, tokenCode(Token.bytecode, options)]])
      return address
    },

    mine: (blocks = 1) => rpc.call('anvil_mine', [hex(blocks)]),
    reorg: (depth) => rpc.call('anvil_reorg', [depth, []]),
    setAutomine: (on) => rpc.call('evm_setAutomine', [on]),
    async setBalance(address, wei) {
      checkAmount(wei)
      await rpc.call('anvil_setBalance', [checkedAddress(address), hex(wei)])
    },
    async setNextBaseFee(weiPerGas) {
      checkAmount(weiPerGas)
      await rpc.call('anvil_setNextBlockBaseFeePerGas', [hex(weiPerGas)])
    },
    async advanceTime(seconds) {
      await rpc.call('evm_increaseTime', [hex(seconds)])
      await rpc.call('evm_mine')
    },
    async snapshot() {
      const [id, fees] = await rpc.batch([['evm_snapshot'], ['eth_feeHistory', ['0x1', 'latest', []]]])
      baseFees.set(id as string, (fees as { baseFeePerGas: [string, string] }).baseFeePerGas[1])
      return id as string
    },
    async revert(id) {
      if (!(await rpc.call<boolean>('evm_revert', [id]))) {
        throw new CofferError({
          code: 'DEVNET_FAILED',
          message: `There is no snapshot ${id}: it may be used up.`,
        })
      }
      // Anvil forgets to take the next base fee back.
      const baseFee = baseFees.get(id)
      if (baseFee) await rpc.call('anvil_setNextBlockBaseFeePerGas', [baseFee])
    },
    dropTransaction: async (txid) => (await rpc.call('anvil_dropTransaction', [txid])) !== null,
    rpc: rpc.call,
  }
}

/** Runs each creation code as a call, which answers with the runtime code, and sets that at its address. */
async function place(
  rpc: Rpc,
  creations: readonly (readonly [address: Address, code: string])[],
): Promise<void> {
  const codes = await rpc.batch(creations.map(([, data]): RpcCall => ['eth_call', [{ data }, 'latest']]))
  await rpc.batch(creations.map(([address], i): RpcCall => ['anvil_setCode', [address, codes[i]]]))
}

/** The creation code of a token with its constructor's arguments `(string name, string symbol, uint8 decimals)`. */
function tokenCode(bytecode: string, { name, symbol, decimals }: TokenOptions): string {
  const text = (value: string): string => {
    const bytes = Buffer.from(value, 'utf8')
    return word(hex(bytes.length)) + bytes.toString('hex').padEnd(64, '0')
  }
  return bytecode + word(hex(0x60)) + word(hex(0xa0)) + word(hex(decimals)) + text(name) + text(symbol)
}

/** The program of the `@foundry-rs/anvil` package for this machine, or the one that `ANVIL` names. */
function anvilBinary(): string {
  const unavailable = (message: string, cause?: unknown): CofferError =>
    new CofferError({ code: 'DEVNET_UNAVAILABLE', message, cause })
  const override = process.env.ANVIL
  if (override) {
    if (existsSync(override)) return resolve(override)
    throw unavailable(`There is no anvil at ${override}, which the environment variable ANVIL names.`)
  }
  const machine = `${process.platform}-${process.arch.replace('x64', 'amd64')}`
  try {
    const require = createRequire(import.meta.url)
    // From the package that depends on it, so that it is found whatever the layout of node_modules.
    const beside = createRequire(require.resolve('@foundry-rs/anvil/package.json'))
    return beside.resolve(
      `@foundry-rs/anvil-${machine}/bin/anvil${process.platform === 'win32' ? '.exe' : ''}`,
    )
  } catch (cause) {
    throw unavailable(
      `anvil is not installed for ${machine}. Run \`npm install @foundry-rs/anvil\` with optional dependencies on, or set the environment variable ANVIL to an anvil program.`,
      cause,
    )
  }
}

function checkedAddress(address: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(address)) return address as Address
  throw new CofferError({
    code: 'INVALID_ADDRESS',
    message: `"${address}" is not an address: 0x and 40 hexadecimal digits are due.`,
  })
}

function checkAmount(amount: bigint): void {
  if (typeof amount === 'bigint' && amount >= 0n && amount < 2n ** 256n) return
  throw new CofferError({
    code: 'INVALID_AMOUNT',
    message: `An amount is a bigint from 0n to 2n ** 256n - 1n in base units, not ${String(amount)}.`,
  })
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`
}

function word(value: string): string {
  return value.slice(2).toLowerCase().padStart(64, '0')
}
