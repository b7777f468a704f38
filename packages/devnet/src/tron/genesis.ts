import { CofferError } from '@coffer/core'
import { KECCAK256_NULL } from '@ethereumjs/util'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromJson } from './api-json.ts'
import { lyingToken, trc20 } from './artifacts.ts'
import { addressOf, hexOf, utf8Hex } from './bytes.ts'
import { create } from './contract-vm.ts'
import { type DevnetKey, devnetKey, witnessKeys } from './keys.ts'
import { type Abi, abi } from './messages.ts'
import { initialParameters } from './parameters.ts'
import { type Account, emptyState, newAccount, type State, SUN_PER_TRX, witnessPermission } from './state.ts'
import type { Tvm } from './tvm.ts'

/** What stands at an address from the beginning, or is put there later. */
export interface TokenPlan {
  /** `41…` */
  readonly address: string
  readonly name: string
  readonly symbol: string
  readonly decimals: number
  readonly lies?: boolean
  readonly userPercent?: number
  readonly originEnergyLimit?: bigint
}

export const genesisId: string = `0000000000000000${hexOf(
  sha256(new TextEncoder().encode('Coffer devnet of Tron')),
).slice(0, 40)}c0ffe001`

export const genesisTokens: Readonly<Record<'USDT' | 'USDC' | 'TEX' | 'LIAR', TokenPlan>> = {
  USDT: plan('TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', 'Tether USD', 'USDT', 6),
  USDC: plan('TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8', 'USD Coin', 'USDC', 6),
  TEX: { ...plan('', 'TEX', 'TEX', 18), address: ownAddress('TEX') },
  LIAR: { ...plan('', 'Liar', 'LIAR', 6), address: ownAddress('LIAR'), lies: true },
}

/** What the rest of the world has staked: 10 energy and 1.6 bytes a day for each TRX, as on the main network. */
const NET_WEIGHT = 27_000_000_000n
const ENERGY_WEIGHT = 18_000_000_000n
const FAUCET_BALANCE = 100_000_000_000n * SUN_PER_TRX
/** The stake of whoever deployed the tokens, so that a contract which pays for its callers has something to pay with. */
const ISSUER_STAKE = 10_000_000n * SUN_PER_TRX
const ORIGIN_ENERGY_LIMIT = 10_000_000n

export interface Genesis {
  readonly state: State
  readonly faucet: DevnetKey
  readonly issuer: string
  readonly witnesses: readonly DevnetKey[]
}

export async function makeGenesis(tvm: Tvm): Promise<Genesis> {
  const state = emptyState(initialParameters)
  state.netWeight = NET_WEIGHT
  state.energyWeight = ENERGY_WEIGHT
  const faucet = devnetKey('faucet')
  const issuer = issuerAddress()
  const witnesses = witnessKeys()
  const put = (account: Account): void => state.accounts.set(account.address, account)
  put({ ...newAccount(faucet.address, 0n), balance: FAUCET_BALANCE })
  const fresh = newAccount(issuer, 0n)
  put({ ...fresh, energy: { ...fresh.energy, frozen: ISSUER_STAKE } })
  for (const { address } of witnesses) {
    put({ ...newAccount(address, 0n), isWitness: true, witness: witnessPermission(address) })
  }
  for (const token of Object.values(genesisTokens)) {
    await placeToken(state, tvm, issuer, token)
  }
  return { state, faucet, issuer, witnesses }
}

/** Whoever deployed the tokens. */
export function issuerAddress(): string {
  return devnetKey('issuer').address
}

/** Runs the creation code of a token for an address that nobody could choose otherwise. */
export async function placeToken(state: State, tvm: Tvm, issuer: string, token: TokenPlan): Promise<void> {
  const { address } = token
  const { abi: interfaceJson, bytecode } = token.lies ? lyingToken : trc20
  const creation = bytecode + (token.lies ? '' : constructorArguments(token))
  if (!Number.isInteger(token.decimals) || token.decimals < 0 || token.decimals > 255) {
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `A token has 0 to 255 decimals, not ${token.decimals}.`,
    })
  }
  const { code, problem } = await create(
    tvm,
    state,
    {
      address,
      origin: issuer,
      name: token.symbol,
      abi: abiOf(interfaceJson),
      code: new Uint8Array(),
      codeHash: KECCAK256_NULL,
      creation,
      userPercent: BigInt(token.userPercent ?? 100),
      originEnergyLimit: token.originEnergyLimit ?? ORIGIN_ENERGY_LIMIT,
      energyFactor: 0n,
      txid: ''.padEnd(64, '0'),
    },
    {
      caller: issuer,
      createdAt: address,
      data: creation,
      value: 0n,
      energyLimit: 100_000_000n,
      txid: ''.padEnd(64, '0'),
      block: { number: 0n, timestamp: 0n, witness: issuer },
      blockHash: () => undefined,
    },
  )
  if (code !== 1) {
    throw new CofferError({ code: 'DEVNET_FAILED', message: `The token cannot be made. ${problem}` })
  }
}

/** An address for a token that has none on the main network. */
export function ownAddress(name: string): string {
  return `41${hexOf(sha256(new TextEncoder().encode(`Coffer devnet of Tron, token ${name}`))).slice(0, 40)}`
}

/** Solidity's interface as Tron keeps it. */
function abiOf(json: string): Abi {
  return fromJson(abi, { entrys: JSON.parse(json) }, false)
}

function plan(address: string, name: string, symbol: string, decimals: number): TokenPlan {
  return { address: addressOf(address) ?? '', name, symbol, decimals }
}

/** `(string name, string symbol, uint8 decimals)` */
function constructorArguments({ name, symbol, decimals }: TokenPlan): string {
  const word = (value: number): string => value.toString(16).padStart(64, '0')
  const text = (value: string): string => {
    const hex = utf8Hex(value)
    const width = Math.ceil(hex.length / 64) * 64
    return word(hex.length / 2) + hex.padEnd(width, '0')
  }
  const first = text(name)
  return word(0x60) + word(0x60 + first.length / 2) + word(decimals) + first + text(symbol)
}
