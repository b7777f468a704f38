import { type Devnet, startDevnet } from '@coffer/devnet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHAIN, fresh, type Info, openWallet, TRX } from './devnet.fixture.ts'
import { feeParts } from './fee-parts.ts'
import type { TronRequest } from './request.ts'

const most = (amount: bigint): bigint => (amount > 0n ? amount : 0n)

/** How many account states are tried. */
const STATES = 200

let devnet: Devnet<'tron'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
})
afterAll(() => devnet.stop())

/** Pseudo-random and the same each time, so that a failure can be seen again. */
function randomness(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('what a draft says that it costs', () => {
  it(`is charged to the sun, for ${STATES} random states of account, contract and prices`, async () => {
    const node = devnet.tron
    const wallet = openWallet(node)
    const below = randomness(20_261_125)
    const chance = (percent: number): boolean => below(100) < percent
    const known = await wallet.account('tron-devnet', { index: 901 })
    await node.fund(known.address, { amount: TRX, token: 'USDT' })
    await node.fund(known.address, { amount: TRX })
    const counts: Record<string, number> = {}
    const seen = (what: string): void => {
      counts[what] = (counts[what] ?? 0) + 1
    }

    for (let i = 0; i < STATES; i++) {
      await node.setParameters({
        getTransactionFee: BigInt(chance(50) ? 1_000 : below(1_001)),
        getEnergyFee: BigInt([100, 210, 420][below(3)]!),
        getMemoFee: BigInt(chance(50) ? 1_000_000 : 0),
      })
      await node.setContract(node.tokens.USDT.address, {
        userPercent: chance(30) ? below(101) : 100,
        originEnergyLimit: BigInt(1 + below(20_000)),
        energyFactor: BigInt(chance(40) ? below(20_000) : 0),
      })
      const account = await wallet.account('tron-devnet', { index: 1_000 + i })
      const frozen = {
        bandwidth: BigInt(chance(40) ? below(5_000) : 0) * TRX,
        energy: BigInt(chance(60) ? below(60_000) : 0) * TRX,
      }
      await node.fund(account.address, { amount: TRX })
      await node.setAccount(account.address, {
        balance: BigInt(60 + below(500)) * TRX + BigInt(below(1_000_000)),
        frozen,
        tokens: { USDT: BigInt(1_000 + below(1_000_000)) },
        trc10: { '1000001': 1_000n },
      })
      const { limit } = (await account.resources()).energy
      await node.setAccount(account.address, {
        used: {
          freeBandwidth: BigInt(below(700)),
          bandwidth: frozen.bandwidth > 0n ? BigInt(below(400)) : 0n,
          energy: chance(70) ? most(limit - BigInt(below(25_000))) : 0n,
          at: chance(60) ? 0 : below(90_000),
        },
      })
      const to = chance(40) ? await fresh(node) : known.address
      const memo = chance(30) ? { memo: 'x'.repeat(1 + below(60)) } : {}
      const requests: TronRequest[] = [
        { to, amount: BigInt(1 + below(1_000_000)), ...memo },
        { to, amount: BigInt(1 + below(1_000)), asset: 'USDT', ...memo },
        { to, amount: 5n, asset: `${CHAIN}/trc10:1000001`, ...memo },
        { kind: 'freeze', amount: TRX, resource: 'energy' },
        { kind: 'approve', asset: 'USDT', spender: known.address, amount: 7n },
        { to: known.address, amount: 'max' },
      ]
      const request = requests[chance(55) ? 1 : below(requests.length)]!
      const draft = await account.create(request)
      const parts = feeParts(draft)!
      const payment = await wallet.publish(await wallet.sign(draft))
      const { fee = 0, receipt } = await node.request<Info>('wallet/gettransactioninfobyid', {
        value: payment.txid,
      })
      const context = JSON.stringify({ i, request, parts, receipt }, (_, value) =>
        typeof value === 'bigint' ? value.toString() : value,
      )
      expect(BigInt(fee), context).toBe(parts.total)
      expect(draft.fee.expected, context).toBe(parts.total)
      expect(draft.fee.ceiling >= parts.total, context).toBe(true)
      expect(receipt.result ?? 'SUCCESS', context).toBe('SUCCESS')
      expect(BigInt(receipt.energy_usage_total ?? 0), context).toBe(parts.energy.used)
      expect(BigInt(receipt.energy_usage ?? 0), context).toBe(parts.energy.staked)
      expect(BigInt(receipt.energy_fee ?? 0), context).toBe(parts.energy.burnt)
      expect(BigInt(receipt.origin_energy_usage ?? 0), context).toBe(parts.energy.shared)
      seen(`bandwidth ${parts.bandwidth.from}`)
      if (parts.energy.staked > 0n && parts.energy.burnt > 0n) seen('energy staked in part')
      if (parts.energy.staked > 0n && parts.energy.burnt === 0n) seen('energy staked in full')
      if (parts.energy.shared > 0n) seen('energy shared')
      if (parts.energy.penalty > 0n) seen('energy with a penalty')
      if (parts.activation > 0n) seen('account opened')
      if (parts.memo > 0n) seen('memo paid')
    }
    // The states were not all of one kind.
    for (const kind of [
      'bandwidth staked',
      'bandwidth free',
      'bandwidth burnt',
      'energy staked in part',
      'energy staked in full',
      'energy shared',
      'energy with a penalty',
      'account opened',
      'memo paid',
    ])
      expect(counts[kind] ?? 0, `${kind} in ${JSON.stringify(counts)}`).toBeGreaterThan(5)
  }, 180_000)
})
