import { describe, expect, it } from 'vitest'
import { encodeApprove, encodeTransfer } from './abi.ts'
import { BOB, EVE, OWN, TRX, USDT } from './fake-source.fixture.ts'
import type { TronIntent } from './intent.ts'
import { intentOf, resourceOf } from './intent-of.ts'
import { tronNetwork } from './networks.ts'
import { buildTransaction } from './rebuild.ts'
import type { TronContract } from './transaction.ts'

const COIN = tronNetwork.coin.id
const TOKEN = `tron:0x2b6653dc/trc20:${USDT}` as const
const numbers = {
  refBlockBytes: '1a2b',
  refBlockHash: '00112233aabbccdd',
  timestamp: 1_764_000_000_000n,
  expiration: 1_764_000_600_000n,
  feeLimit: 0n,
}
const set = (address: string) => ({ threshold: 2n, keys: [{ address, weight: 3n }] })
const permissions = {
  kind: 'permissions',
  owner: set(OWN),
  actives: [{ ...set(BOB), name: 'payroll', operations: '7f'.padEnd(64, '0') }],
} as const

const again = (intent: TronIntent) =>
  intentOf(buildTransaction(intent, numbers, tronNetwork, OWN), tronNetwork)
const of = (contract: TronContract) =>
  intentOf({ ...numbers, memo: '', permission: 0, contract }, tronNetwork)
const call = (data: string, more: object = {}) =>
  of({
    type: 'TriggerSmartContract',
    ownerAddress: OWN,
    contractAddress: USDT,
    callValue: 0n,
    data: data.replace(/^0x/, ''),
    callTokenValue: 0n,
    tokenId: 0n,
    ...more,
  })

describe('the intent that bytes carry out', () => {
  it.each<TronIntent>([
    { kind: 'pay', asset: COIN, to: BOB, amount: 5n },
    { kind: 'pay', asset: COIN, to: BOB, amount: 5n, memo: 'c0ffee' },
    { kind: 'pay', asset: 'tron:0x2b6653dc/trc10:1000001', to: BOB, amount: 5n },
    { kind: 'pay', asset: TOKEN, to: BOB, amount: 5n },
    { kind: 'approve', asset: TOKEN, spender: BOB, amount: 5n },
    { kind: 'approve', asset: TOKEN, spender: BOB, amount: 0n },
    { kind: 'call', to: BOB, value: 0n, data: '0xdeadbeef' },
    { kind: 'call', to: BOB, value: 7n, data: '0x', token: { id: 1_000_001n, amount: 6n } },
    { kind: 'deploy', value: 3n, data: '0x60', name: 'C', userPercent: 40n, originEnergyLimit: 9n },
    { kind: 'activate', to: BOB },
    { kind: 'freeze', amount: TRX, resource: 'energy' },
    { kind: 'unfreeze', amount: TRX, resource: 'bandwidth' },
    { kind: 'cancel-unfreeze' },
    { kind: 'withdraw' },
    { kind: 'claim' },
    { kind: 'delegate', to: BOB, amount: TRX, resource: 'energy', lockBlocks: 5n },
    { kind: 'undelegate', to: BOB, amount: TRX, resource: 'energy' },
    { kind: 'vote', votes: [{ to: BOB, count: 3n }] },
    permissions,
    { ...permissions, witness: set(EVE) },
  ])('$kind is the one that made them', (intent) => {
    expect(again(intent)).toStrictEqual(intent)
  })

  it('is a payment or an approval only where these alone are what the call does', () => {
    const pay = encodeTransfer(BOB, 5n)
    const approve = encodeApprove(BOB, 5n)
    expect(call(pay)).toEqual({ kind: 'pay', asset: TOKEN, to: BOB, amount: 5n })
    expect(call(encodeTransfer(BOB, 1n))).toMatchObject({ kind: 'pay', amount: 1n })
    expect(call(approve)).toMatchObject({ kind: 'approve', spender: BOB })
    const plain = { kind: 'call', to: USDT, value: 0n }
    expect(call(encodeTransfer(BOB, 0n))).toEqual({ ...plain, data: encodeTransfer(BOB, 0n) })
    for (const data of [pay, approve]) {
      expect(call(data, { callValue: 1n })).toEqual({ ...plain, value: 1n, data })
      expect(call(data, { callTokenValue: 1n, tokenId: 2n })).toMatchObject({ token: { id: 2n, amount: 1n } })
      expect(call(data, { callTokenValue: 1n })).toMatchObject({ token: { id: 0n, amount: 1n } })
      expect(call(data, { tokenId: 2n })).toEqual({ ...plain, data })
      const padded = data.replace(/^(0x.{8}0{22})00/, '$141')
      expect(call(padded)).toEqual({ ...plain, data: padded })
    }
    const more = approve.replace('095ea7b3', 'd73dd623')
    expect(call(more)).toEqual({ ...plain, data: more })
  })
})

describe('what no intent asks for', () => {
  it('is stake for votes alone, and permissions without an owner', () => {
    expect([resourceOf(0), resourceOf(1)]).toEqual(['bandwidth', 'energy'])
    const invalid = expect.objectContaining({ code: 'INVALID_DRAFT' })
    expect(() => resourceOf(2)).toThrow(invalid)
    const type = 'AccountPermissionUpdateContract'
    expect(() => of({ type, ownerAddress: OWN, owner: undefined, witness: undefined, actives: [] })).toThrow(
      invalid,
    )
  })
})
