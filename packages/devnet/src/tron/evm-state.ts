import type { StateManagerInterface } from '@ethereumjs/common'
import { type Address, Account as EvmAccount, KECCAK256_NULL } from '@ethereumjs/util'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesOf, hexOf } from './bytes.ts'
import { abi } from './messages.ts'
import { make } from './protobuf.ts'
import { adoptState, forkState, newAccount, type State } from './state.ts'

/** The chain's own state as the EVM wants to see it: there is no second copy of a balance anywhere. */
export interface EvmState extends StateManagerInterface {
  /** Turns to the state that the next run changes. */
  enter(state: State, run: EvmRun): void
}

export interface EvmRun {
  readonly txid: string
  /** Who started it: what contracts make belongs to it. */
  readonly origin: string
  readonly timestamp: bigint
}

const none = new Uint8Array()

export function evmState(): EvmState {
  let stack: State[] = []
  let run: EvmRun = { txid: '', origin: '', timestamp: 0n }
  const current = (): State => stack[stack.length - 1] as State
  const unused = async (): Promise<never> => {
    throw new Error('Tron has no state root.')
  }

  const manager: EvmState = {
    enter(state, next) {
      stack = [state]
      run = next
    },

    async getAccount(address) {
      const account = current().accounts.get(tronAddress(address))
      if (!account) return undefined
      const contract = current().contracts.get(account.address)
      // An account without TRX exists all the same, which the EVM calls empty unless it has a nonce.
      const nonce = account.isContract || account.balance === 0n ? 1n : 0n
      return new EvmAccount(nonce, account.balance, undefined, contract?.codeHash ?? KECCAK256_NULL)
    },
    async putAccount(address, value) {
      const hex = tronAddress(address)
      const known = current().accounts.get(hex) ?? newAccount(hex, run.timestamp)
      current().accounts.set(hex, { ...known, balance: value?.balance ?? 0n })
    },
    async deleteAccount(address) {
      current().accounts.delete(tronAddress(address))
      current().contracts.delete(tronAddress(address))
    },
    async modifyAccountFields(address, { balance }) {
      if (balance !== undefined) await manager.putAccount(address, new EvmAccount(0n, balance))
    },

    async putCode(address, code) {
      const hex = tronAddress(address)
      const { accounts, contracts } = current()
      const account = accounts.get(hex) ?? newAccount(hex, run.timestamp)
      accounts.set(hex, { ...account, isContract: true, actives: [] })
      const known = contracts.get(hex) ?? {
        address: hex,
        origin: run.origin,
        name: 'CreatedByContract',
        abi: make(abi),
        creation: '',
        userPercent: 100n,
        originEnergyLimit: 0n,
        energyFactor: 0n,
        txid: run.txid,
      }
      contracts.set(hex, { ...known, code, codeHash: keccak_256(code) })
    },
    async getCode(address) {
      return current().contracts.get(tronAddress(address))?.code ?? none
    },
    async getCodeSize(address) {
      return (await manager.getCode(address)).length
    },

    async getStorage(address, key) {
      const value = current().storage.get(slotKey(address, key))
      return value === undefined ? none : bytesOf(value)
    },
    async putStorage(address, key, value) {
      const digits = hexOf(value).replace(/^(00)+/, '')
      if (digits) current().storage.set(slotKey(address, key), digits)
      else current().storage.delete(slotKey(address, key))
    },
    async clearStorage(address) {
      const prefix = hexOf(address.bytes)
      for (const key of [...current().storage.keys()]) {
        if (key.startsWith(prefix)) current().storage.delete(key)
      }
    },

    async checkpoint() {
      stack.push(forkState(current()))
    },
    async commit() {
      const top = stack.pop() as State
      adoptState(current(), top)
    },
    async revert() {
      stack.pop()
    },

    // Only refunds for cleared storage ask for what was there before, and Tron has none.
    originalStorageCache: {
      get: (address, key) => manager.getStorage(address, key),
      clear() {},
    },
    getStateRoot: unused,
    setStateRoot: unused,
    hasStateRoot: unused,
    clearCaches() {},
    shallowCopy: () => evmState(),
  }
  return manager
}

export function tronAddress(address: Address): string {
  return `41${hexOf(address.bytes)}`
}

function slotKey(address: Address, key: Uint8Array): string {
  return hexOf(address.bytes) + hexOf(key)
}
