import { CofferError } from '@coffer/core'
import type { NodeOptions, Started } from '../node.ts'
import { throwIfAborted } from '../supervise.ts'
import { base58Of } from './bytes.ts'
import { type Chain, createChain } from './chain.ts'
import { TRIGGER } from './contracts.ts'
import {
  checkedAddress,
  checkedLong,
  tokenAddress,
  writeAccount,
  writeContract,
  writeParameters,
} from './controls.ts'
import {
  type Genesis,
  genesisId,
  genesisTokens,
  makeGenesis,
  ownAddress,
  placeToken,
  type TokenPlan,
} from './genesis.ts'
import { isObject, parseJson, writeJson } from './json.ts'
import {
  contractMessages,
  rawData,
  type Transaction,
  transaction,
  transfer,
  triggerSmartContract,
} from './messages.ts'
import type { TronNode, TronToken } from './node.ts'
import { type Executed, txidOf } from './process.ts'
import { encode, type Message, make } from './protobuf.ts'
import { Refusal, sentenceOf } from './refusal.ts'
import { max } from './resources.ts'
import { answerTron, requestOf, serveTron } from './server.ts'
import { createTvm } from './tvm.ts'

const CHAIN = 'tron:0xc0ffe001'
const FEE_LIMIT = 1_000_000_000n
const DAY_MS = 86_400_000n
/** So that something is final from the first moment, and the final block has a time. */
const FIRST_BLOCKS = 3

/** Starts a Tron inside this process. */
export async function startTron(options: NodeOptions): Promise<Started<TronNode>> {
  const { blockTime, signal, onProgress } = options
  throwIfAborted(signal)
  onProgress('making the genesis block')
  const tvm = await createTvm()
  const genesis = await makeGenesis(tvm)
  const chain = createChain({
    tvm,
    genesisId,
    state: genesis.state,
    witnesses: genesis.witnesses.map(({ address }) => address),
    minesOnArrival: blockTime === undefined,
  })
  chain.advance(-3 * (FIRST_BLOCKS - 1))
  await chain.mine(1)
  chain.advance(3 * (FIRST_BLOCKS - 1))
  await chain.mine(FIRST_BLOCKS - 1)

  const oneByOne = queue()
  const server = await serveTron((request) => oneByOne(() => answerTron(chain, request)))
  let isStopped = false
  const clock = { isOn: true }
  const timer =
    blockTime === undefined
      ? undefined
      : setInterval(() => {
          if (clock.isOn) void oneByOne(() => chain.mine(1)).catch(() => {})
        }, blockTime * 1_000)
  timer?.unref()
  const stop = async (): Promise<void> => {
    isStopped = true
    clearInterval(timer)
    await server.close()
  }
  const run = <T>(work: () => Promise<T>): Promise<T> =>
    oneByOne(async () => {
      if (!isStopped) return work()
      throw new CofferError({ code: 'DEVNET_FAILED', message: 'This devnet of Tron is stopped.' })
    })
  try {
    throwIfAborted(signal)
  } catch (error) {
    await stop()
    throw error
  }
  const url = `http://${server.host}`
  onProgress(`ready at ${url}`)
  return { node: tronNode({ chain, genesis, url, run, clock }), stop }
}

interface Parts {
  readonly chain: Chain
  readonly genesis: Genesis
  readonly url: string
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
  /** Whether blocks come by the clock. */
  readonly clock: { isOn: boolean }
}

function tronNode({ chain, genesis, url, run, clock }: Parts): TronNode {
  let deployed = 0
  let isAutomining = true
  const { faucet } = genesis

  const send = async (type: number, value: object): Promise<Executed> => {
    let executed: Executed
    try {
      executed = await chain.accept(signedByFaucet(chain, genesis, type, value))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw failedFaucet(sentenceOf(error))
    }
    if (!chain.blockOf(executed.txid)) await chain.mine(1)
    const mined = chain.blockOf(executed.txid)?.transactions.find(({ txid }) => txid === executed.txid)
    if (mined?.info.result !== 0) throw failedFaucet('Its code failed.')
    return executed
  }

  return {
    url,
    chain: CHAIN,
    tokens: {
      USDT: tokenOf(genesisTokens.USDT),
      USDC: tokenOf(genesisTokens.USDC),
      TEX: tokenOf(genesisTokens.TEX),
      LIAR: tokenOf(genesisTokens.LIAR),
    },
    witnesses: genesis.witnesses.map(({ address }) => base58Of(address)),

    async fund(address, { amount, token }) {
      const to = checkedAddress(address)
      if (token === undefined) {
        if (checkedLong(amount) === 0n) throw tooSmall()
        return run(async () => {
          const value = make(transfer, { owner_address: faucet.address, to_address: to, amount })
          return (await send(1, value)).txid
        })
      }
      const contract = tokenAddress(token)
      if (typeof amount !== 'bigint' || amount < 0n || amount >= 2n ** 256n) throw tooSmall()
      const word = (hex: string): string => hex.padStart(64, '0')
      return run(async () => {
        const value = make(triggerSmartContract, {
          owner_address: faucet.address,
          contract_address: contract,
          data: `40c10f19${word(to.slice(2))}${word(amount.toString(16))}`,
        })
        return (await send(TRIGGER, value)).txid
      })
    },
    async deployToken(options) {
      const plan = { ...options, address: ownAddress(`number ${++deployed}`) }
      await run(() => chain.change((state) => placeToken(state, chain.tvm, genesis.issuer, plan)))
      return base58Of(plan.address)
    },

    mine: (blocks = 1) => run(() => chain.mine(blocks)),
    async reorg(depth, { drop = false } = {}) {
      await run(async () => {
        if (!Number.isInteger(depth) || depth < 1 || BigInt(depth) >= chain.head().number) {
          throw new CofferError({
            code: 'INVALID_REQUEST',
            message: `A reorg can undo 1 to ${chain.head().number - 1n} blocks here, not ${depth}.`,
          })
        }
        await chain.reorg(depth, drop)
      })
    },
    async setAutomine(on) {
      await run(async () => {
        isAutomining = on
        clock.isOn = on
        await chain.setAutomine(on)
      })
    },
    dropTransaction: (txid) => run(() => chain.dropTransaction(txid)),
    advanceTime: (seconds) =>
      run(async () => {
        chain.advance(seconds)
        if (isAutomining) await chain.mine(1)
      }),
    setSolidBehind: (blocks) => chain.setSolidBehind(blocks),

    async setParameters(parameters) {
      await run(() => chain.change((state, head) => writeParameters(state, head, parameters)))
    },
    async setAccount(address, given) {
      const hex = checkedAddress(address)
      await run(() => chain.change((state, head) => writeAccount(state, head, hex, given)))
    },
    async setContract(address, given) {
      const hex = tokenAddress(address)
      await run(() => chain.change((state) => writeContract(state, hex, given)))
    },

    snapshot: () => run(async () => chain.snapshot()),
    async revert(id) {
      const done = await run(() => chain.revert(id))
      if (!done) {
        throw new CofferError({
          code: 'DEVNET_FAILED',
          message: `There is no snapshot ${id}: it may be used up.`,
        })
      }
    },
    async request<T>(path: string, body?: Readonly<Record<string, unknown>>) {
      const text = body === undefined ? '' : writeJson(body)
      const { status, value } = await run(() => answerTron(chain, requestOf(`/${path}`, text)))
      if (status !== 200) {
        throw new CofferError({
          code: 'DEVNET_FAILED',
          message: `The devnet of Tron answers ${path} with status ${status}.`,
          details: isObject(value) ? value : {},
        })
      }
      return parseJson(writeJson(value)) as T
    },
  }
}

let lastStamp = 0n

function signedByFaucet(chain: Chain, { faucet }: Genesis, type: number, value: object): Transaction {
  const message = contractMessages[type] as Message<unknown>
  const head = chain.head()
  // No two alike, or the second would be a duplicate.
  lastStamp = max(lastStamp + 1n, BigInt(Date.now()))
  const raw = make(rawData, {
    ref_block_bytes: head.id.slice(12, 16),
    ref_block_hash: head.id.slice(16, 32),
    expiration: head.timestamp + DAY_MS,
    timestamp: lastStamp,
    fee_limit: type === TRIGGER ? FEE_LIMIT : 0n,
    contract: [
      {
        type,
        parameter: {
          type_url: `type.googleapis.com/protocol.${message.name}`,
          value: encode(message, value),
        },
        provider: '',
        ContractName: '',
        Permission_id: 0,
      },
    ],
  })
  return make(transaction, { raw_data: raw, signature: [faucet.sign(txidOf(raw))] })
}

function tokenOf({ address, symbol, decimals }: TokenPlan): TronToken {
  return { address: base58Of(address), symbol, decimals }
}

function failedFaucet(reason: string): CofferError {
  return new CofferError({
    code: 'DEVNET_FAILED',
    message: `The faucet's transaction did not succeed. ${reason}`,
  })
}

function tooSmall(): CofferError {
  return new CofferError({ code: 'INVALID_AMOUNT', message: 'The amount is out of range.' })
}

/** Runs one thing after the other, whatever becomes of each. */
function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
}
