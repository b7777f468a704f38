import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common'
import {
  createEVM,
  type EVM,
  EVMError,
  type EVMMockBlockchainInterface,
  type EVMOpts,
  type Message,
  paramsEVM,
} from '@ethereumjs/evm'
import { Address } from '@ethereumjs/util'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { bytesOf, hexOf } from './bytes.ts'
import { evmState, tronAddress } from './evm-state.ts'
import type { Log } from './messages.ts'
import { energyPrice } from './parameters.ts'
import { adoptState, forkState, type State } from './state.ts'

/** One run of the virtual machine. Addresses are `41…`, amounts sun, data bare hex. */
export interface TvmCall {
  readonly caller: string
  /** Absent for a creation, whose address `createdAt` says. */
  readonly to?: string
  readonly createdAt?: string
  readonly data: string
  readonly value: bigint
  readonly energyLimit: bigint
  readonly txid: string
  readonly block: { readonly number: bigint; readonly timestamp: bigint; readonly witness: string }
  blockHash(number: number): string | undefined
}

export interface TvmResult {
  /** Number of `contractResult`: 1 SUCCESS, 2 REVERT, 10 OUT_OF_ENERGY … */
  readonly code: number
  /** Empty when it succeeded. */
  readonly problem: string
  readonly energy: bigint
  /** The part of `energy` that the dynamic energy model added. */
  readonly penalty: bigint
  readonly output: string
  readonly logs: readonly Log[]
}

export interface Tvm {
  /** Runs and changes the state; leaves it alone when the run fails. */
  run(state: State, call: TvmCall): Promise<TvmResult>
}

/** The last four bytes of the genesis block's id, as the CHAINID opcode of Tron answers. */
const CHAIN_ID = 0xc0ffe001n

const SUCCESS = 1
const REVERT = 2
const OUT_OF_ENERGY = 10
const FACTOR_ONE = 10_000n

/**
 * @ethereumjs/evm at Petersburg, whose prices are Tron's where they differ, with the later opcodes that Tron has. Differences to
 * the real TVM are in the README.
 */
export async function createTvm(): Promise<Tvm> {
  const states = evmState()
  let call: TvmCall | undefined
  let energyFee = 0n
  const common = createCustomCommon({ chainId: Number(CHAIN_ID) }, Mainnet, {
    hardfork: Hardfork.Petersburg,
    eips: [1153, 3855],
    params: prices(),
  })
  const blockchain: EVMMockBlockchainInterface = {
    async getBlock(number) {
      const id = call?.blockHash(number) ?? ''.padEnd(64, '0')
      return { hash: () => bytesOf(id) }
    },
    async putBlock() {},
    shallowCopy: () => blockchain,
  }
  const evm = await createEVM({
    common,
    params: prices(),
    stateManager: states,
    blockchain,
    allowUnlimitedContractSize: true,
    customOpcodes: laterOpcodes(() => energyFee),
  })
  let created = 0
  replaceAddresses(evm, (message) => {
    if (message.depth === 0 && call?.createdAt) return bytesOf(call.createdAt.slice(2))
    if (message.salt) {
      const code = keccak_256(message.code as Uint8Array)
      return keccak_256(concatBytes(Uint8Array.of(0x41), message.caller.bytes, message.salt, code)).subarray(
        12,
      )
    }
    created += 1
    const nonce = created.toString(16).padStart(16, '0')
    return keccak_256(bytesOf(`${call?.txid}${nonce}`)).subarray(12)
  })

  return {
    async run(state, next) {
      call = next
      created = 0
      energyFee = energyPrice(state.parameters)
      const work = forkState(state)
      states.enter(work, { txid: next.txid, origin: next.caller, timestamp: next.block.timestamp })
      evm.journal.cleanJournal()
      const surcharge = watchSurcharge(evm, work)
      const caller = new Address(bytesOf(next.caller.slice(2)))
      const { execResult } = await evm
        .runCall({
          caller,
          ...(next.to && { to: new Address(bytesOf(next.to.slice(2))) }),
          data: bytesOf(next.data),
          value: next.value,
          gasLimit: next.energyLimit,
          block: {
            header: {
              number: next.block.number,
              coinbase: new Address(bytesOf(next.block.witness.slice(2))),
              timestamp: next.block.timestamp / 1000n,
              difficulty: 0n,
              prevRandao: new Uint8Array(32),
              gasLimit: next.energyLimit,
              baseFeePerGas: energyFee,
              getBlobGasPrice: () => undefined,
            },
          },
          skipNonceIncrement: true,
        })
        .finally(surcharge.stop)
      const problem = execResult.exceptionError?.error
      const penalty = surcharge.total()
      const energy = execResult.executionGasUsed + penalty
      const output = hexOf(execResult.returnValue)
      if (energy > next.energyLimit) {
        return failure(OUT_OF_ENERGY, 'Not enough energy to go on executing.', next.energyLimit, penalty, '')
      }
      if (problem === EVMError.errorMessages.REVERT) {
        return failure(REVERT, 'REVERT opcode executed', energy, penalty, output)
      }
      if (problem !== undefined) {
        const { code, text } = explain(problem)
        return failure(code, text, next.energyLimit, penalty, '')
      }
      for (const address of execResult.selfdestruct?.keys() ?? []) {
        await states.deleteAccount(new Address(bytesOf(address.slice(2))))
      }
      adoptState(state, work)
      const logs = (execResult.logs ?? []).map(([address, topics, data]): Log => {
        return { address: hexOf(address), topics: topics.map(hexOf), data: hexOf(data) }
      })
      return { code: SUCCESS, problem: '', energy, penalty, output, logs }
    },
  }
}

function failure(code: number, problem: string, energy: bigint, penalty: bigint, output: string): TvmResult {
  return { code, problem, energy, penalty, output, logs: [] }
}

function explain(problem: string): { readonly code: number; readonly text: string } {
  const { errorMessages: errors } = EVMError
  switch (problem) {
    case errors.OUT_OF_GAS:
    case errors.CODESTORE_OUT_OF_GAS:
      return { code: OUT_OF_ENERGY, text: 'Not enough energy to go on executing.' }
    case errors.INVALID_JUMP:
      return { code: 3, text: 'Operation with pc isn\'t "JUMPDEST".' }
    case errors.STACK_UNDERFLOW:
      return { code: 6, text: 'Expected stack size is more than what is there.' }
    case errors.STACK_OVERFLOW:
      return { code: 7, text: 'Expected: overflow 1024 elements stack limit.' }
    case errors.INVALID_OPCODE:
      return { code: 8, text: 'Invalid operation code.' }
    case errors.INSUFFICIENT_BALANCE:
      return { code: 14, text: 'transfer trx failed: balance is not sufficient.' }
    case errors.INVALID_BYTECODE_RESULT:
      return { code: 15, text: 'invalid code: must not begin with 0xef' }
    default:
      return { code: 13, text: `Unknown Exception: ${problem}` }
  }
}

/**
 * The dynamic energy model: each operation of a contract in high demand costs more, rounded down one by one. The surcharge is
 * added up beside the run, and held against the limit at its end.
 */
function watchSurcharge(evm: EVM, state: State): { total(): bigint; stop(): void } {
  let total = 0n
  let isInDemand = false
  for (const { energyFactor } of state.contracts.values()) isInDemand ||= energyFactor > 0n
  if (!isInDemand) return { total: () => 0n, stop() {} }
  const onStep = (step: { opcode: { fee: number; dynamicFee?: bigint }; address: Address }): void => {
    const factor = state.contracts.get(tronAddress(step.address))?.energyFactor ?? 0n
    if (factor === 0n) return
    const cost = step.opcode.dynamicFee ?? BigInt(step.opcode.fee)
    total += (cost * (FACTOR_ONE + factor)) / FACTOR_ONE - cost
  }
  evm.events.on('step', onStep)
  return { total: () => total, stop: () => void evm.events.off('step', onStep) }
}

/** Ethereum's newest cheap prices everywhere: Tron never raised them, and repriced two of its own. */
function prices(): NonNullable<EVMOpts['params']> {
  const params = structuredClone(paramsEVM) as Record<number, Record<string, unknown>>
  const tron = {
    sloadGas: 50,
    callGas: 40,
    callcodeGas: 40,
    delegatecallGas: 40,
    staticcallGas: 40,
    balanceGas: 20,
    extcodesizeGas: 20,
    extcodecopyGas: 20,
    extcodehashGas: 400,
    expByteGas: 10,
    selfdestructGas: 0,
  }
  for (const eip of Object.values(params)) {
    for (const [name, price] of Object.entries(tron)) if (name in eip) eip[name] = price
  }
  return params as NonNullable<EVMOpts['params']>
}

/** Opcodes of later forks that Tron has, while the prices stay those of Petersburg: CHAINID, SELFBALANCE, BASEFEE, MCOPY. */
function laterOpcodes(energyFee: () => bigint): NonNullable<EVMOpts['customOpcodes']> {
  return [
    {
      opcode: 0x46,
      opcodeName: 'CHAINID',
      baseFee: 2,
      logicFunction: (run) => void run.stack.push(CHAIN_ID),
    },
    {
      opcode: 0x47,
      opcodeName: 'SELFBALANCE',
      baseFee: 5,
      logicFunction: (run) => void run.stack.push(run.interpreter.getSelfBalance()),
    },
    {
      opcode: 0x48,
      opcodeName: 'BASEFEE',
      baseFee: 2,
      logicFunction: (run) => void run.stack.push(energyFee()),
    },
    {
      opcode: 0x5e,
      opcodeName: 'MCOPY',
      baseFee: 3,
      gasFunction(run, gas) {
        const [to, from, length] = run.stack.peek(3) as [bigint, bigint, bigint]
        if (length === 0n) return gas
        const end = (to > from ? to : from) + length
        const words = (end + 31n) / 32n
        let cost = gas + 3n * ((length + 31n) / 32n)
        if (words > run.memoryWordCount) {
          const memory = words * 3n + (words * words) / 512n
          cost += memory - run.highestMemCost
          run.highestMemCost = memory
          run.memoryWordCount = words
        }
        return cost
      },
      logicFunction(run) {
        const [to, from, length] = run.stack.popN(3) as [bigint, bigint, bigint]
        if (length > 0n)
          run.memory.write(Number(to), Number(length), run.memory.read(Number(from), Number(length)))
      },
    },
  ]
}

/** Tron derives the addresses of new contracts in its own way. The EVM asks a method that its types hide. */
function replaceAddresses(evm: EVM, addressOf: (message: Message) => Uint8Array): void {
  const hidden = evm as unknown as { _generateAddress(message: Message): Promise<Address> }
  hidden._generateAddress = async (message) => new Address(addressOf(message))
}
