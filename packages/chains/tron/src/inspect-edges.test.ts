import type { AssetId } from '@coffer/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { encodeTransfer } from './abi.ts'
import type { ContractPermission } from './contracts.ts'
import { makeDraft } from './draft.ts'
import { BOB, EVE, OWN, TRX, USDT, word } from './fake-source.fixture.ts'
import { forget, write } from './hostile.fixture.ts'
import { inspect } from './inspect.ts'
import type { TronIntent, TronNetwork } from './intent.ts'
import { tronDevnetNetwork, tronNetwork } from './networks.ts'
import type { TronContract, TronTransaction } from './transaction.ts'

beforeEach(forget)

const COIN = tronNetwork.coin.id
const TOKEN = `tron:0x2b6653dc/trc20:${USDT}` as const
const STRANGE = `tron:0x2b6653dc/trc20:${EVE}` as const
const numbers = {
  refBlockBytes: '1a2b',
  refBlockHash: '00112233aabbccdd',
  timestamp: 1_764_000_000_000n,
  expiration: 1_764_000_600_000n,
  feeLimit: 0n,
}
const pay = { kind: 'pay', asset: COIN, to: BOB, amount: 5n } as const
const draftOf = (intent: TronIntent, hints = {}, network: TronNetwork = tronNetwork) =>
  makeDraft(network, `${network.id}:${OWN}`, intent, numbers, hints)

/** What bytes say that no intent makes. */
function effectsOf(contract: TronContract, hints: Record<string, string> = {}, intent: TronIntent = pay) {
  const tx: TronTransaction = { ...numbers, memo: '', permission: 0, contract }
  return inspect({ ...draftOf(intent), payload: write(tx), hints }, tronNetwork)
}
const pad = (address: string): string => encodeTransfer(address, 0n).slice(10, 74)
const codes = (effects: { warnings: readonly { code: string }[] }) => effects.warnings.map(({ code }) => code)

describe('amounts of nothing, and of little', () => {
  it('are a transfer of zero, of which the fee is not said to be more', () => {
    const effects = effectsOf({ type: 'TransferContract', ownerAddress: OWN, toAddress: BOB, amount: 0n })
    expect(effects.list).toEqual([{ kind: 'transfer', asset: COIN, from: OWN, to: BOB, amount: 0n }])
    expect(codes(effects)).toEqual(['zero-amount'])
  })

  it('of tokens are told, too', () => {
    const data = encodeTransfer(BOB, 0n)
    expect(codes(draftOf({ kind: 'call', to: USDT, value: 0n, data }).effects)).toEqual(['zero-amount'])
  })

  it('are no transfer beside a deployment or a call, while one unit is', () => {
    const code = { data: '0x60', name: '', userPercent: 0n, originEnergyLimit: 1n } as const
    const kinds = (value: bigint) => [
      draftOf({ kind: 'deploy', value, ...code }).effects.list.map(({ kind }) => kind),
      draftOf({ kind: 'call', to: BOB, value, data: '0x' }).effects.list.map(({ kind }) => kind),
    ]
    expect(kinds(0n)).toEqual([['deploy'], ['call']])
    expect(kinds(1n)).toEqual([
      ['deploy', 'transfer'],
      ['transfer', 'call'],
    ])
    const token = { id: 1_000_001n, amount: 1n }
    const { list } = draftOf({ kind: 'call', to: BOB, value: 0n, data: '0x', token }).effects
    expect(list).toMatchObject([{ asset: 'tron:0x2b6653dc/trc10:1000001', amount: 1n }, { kind: 'call' }])
  })

  it('go to the address that the new contract will have, which tronweb computes alike', () => {
    const code = { data: '0x60', name: '', userPercent: 0n, originEnergyLimit: 1n } as const
    const [, sent] = draftOf({ kind: 'deploy', value: 1n, ...code }).effects.list
    expect(sent).toMatchObject({ kind: 'transfer', to: 'TDApG7Wh1F8XmdySBcEzxokqTUMT5WVeFz', amount: 1n })
  })

  it('of a token are none beside a deployment, and one unit of it is', () => {
    const newContract = {
      originAddress: OWN,
      contractAddress: '',
      abi: undefined,
      bytecode: '60',
      callValue: 0n,
      consumeUserResourcePercent: 0n,
      name: '',
      originEnergyLimit: 1n,
      codeHash: '',
      trxHash: '',
      version: 0,
    } as const
    const type = 'CreateSmartContract'
    const of = (callTokenValue: bigint) =>
      effectsOf({ type, ownerAddress: OWN, newContract, callTokenValue, tokenId: 1_000_001n }).list
    expect(of(0n)).toHaveLength(1)
    expect(of(1n)).toMatchObject([{ kind: 'deploy' }, { kind: 'transfer', amount: 1n }])
  })
})

describe('the fee', () => {
  it('above what is paid is told, and not the same as it', () => {
    expect(codes(draftOf(pay, { fee: '5' }).effects)).toEqual([])
    expect(codes(draftOf(pay, { fee: '6' }).effects)).toEqual(['fee-above-amount'])
    const token = { ...pay, asset: TOKEN }
    expect(codes(draftOf(token, { fee: '6' }).effects)).toEqual([])
  })

  it('has its parts in a sentence where they are known, and else none', () => {
    expect(Object.keys(draftOf(pay).fee)).not.toContain('detail')
    expect(draftOf(pay, { bandwidthFrom: 'free', bandwidth: '267' }).fee.detail).toMatch(/267/)
  })

  it('has five signatures in its ceiling where several keys may sign', () => {
    const keys = [OWN, BOB].map((address) => ({ address, weight: 1n }))
    const alone = draftOf(pay).fee.ceiling
    const { ceiling } = draftOf({ ...pay, permission: { id: 0, threshold: 2n, keys } }).fee
    expect(ceiling).toBe(alone + 4n * 67n * 1_000n + TRX)
  })
})

describe('approvals', () => {
  const unlimited = (asset: AssetId, amount: bigint, network?: TronNetwork) => {
    const [effect] = draftOf({ kind: 'approve', asset, spender: BOB, amount }, {}, network).effects.list
    return effect?.kind === 'approve' && effect.unlimited
  }

  it('E4: are unlimited from 2^96 − 1 on, and from a trillion of a listed token on, by its own decimals', () => {
    for (const [asset, least, network] of [
      [STRANGE, 2n ** 96n - 1n, tronNetwork],
      [TOKEN, 10n ** 18n, tronNetwork],
      [`tron:0xc0ffe001/trc20:${EVE}`, 2n ** 96n - 1n, tronDevnetNetwork],
      [`tron:0xc0ffe001/trc20:${USDT}`, 10n ** 18n, tronDevnetNetwork],
      ['tron:0xc0ffe001/trc20:TSSCQUojAtfM4Uh16RCoHFqGgqYDuBxrai', 2n ** 96n - 1n, tronDevnetNetwork],
    ] as const) {
      expect(unlimited(asset, least - 1n, network), asset).toBe(false)
      expect(unlimited(asset, least, network), asset).toBe(true)
      expect(unlimited(asset, least + 1n, network), asset).toBe(true)
    }
  })

  it('of a token on no list may be of an NFT, as may be what is taken from others', () => {
    const data = `0x23b872dd${pad(BOB)}${pad(OWN)}${word(9n)}` as const
    const take = (to: string) => draftOf({ kind: 'call', to, value: 0n, data }).effects
    expect(codes(take(EVE))).toEqual(['unlisted-token', 'token-or-nft'])
    expect(codes(take(USDT))).toEqual([])
  })
})

describe('lending', () => {
  const lend = (lock: boolean, lockPeriod: bigint) =>
    effectsOf({
      type: 'DelegateResourceContract',
      ownerAddress: OWN,
      receiverAddress: BOB,
      balance: TRX,
      resource: 0,
      lock,
      lockPeriod,
    }).list

  it('is locked for three seconds a block, and not at all without a lock', () => {
    const effect = { kind: 'delegate-resource', asset: COIN, amount: TRX, resource: 'bandwidth', to: BOB }
    expect(lend(true, 1n)).toEqual([{ ...effect, lockSeconds: 3n }])
    expect(lend(true, 0n)).toEqual([{ ...effect, lockSeconds: 259_200n }])
    for (const period of [0n, 1n, 100n]) {
      expect(lend(false, period)).toEqual([effect])
      expect(Object.keys(lend(false, period)[0]!)).not.toContain('lockSeconds')
    }
  })
})

describe('T3: permissions', () => {
  const set = (type: number, permissionName: string, ...addresses: string[]): ContractPermission => ({
    type,
    id: 0,
    permissionName,
    threshold: 1n,
    parentId: 0,
    operations: '',
    keys: addresses.map((address) => ({ address, weight: 1n })),
  })
  const change = (fields: object, hints?: Record<string, string>) =>
    effectsOf(
      {
        type: 'AccountPermissionUpdateContract',
        ownerAddress: OWN,
        owner: set(0, 'owner', OWN),
        witness: undefined,
        actives: [],
        ...fields,
      },
      hints,
    )
  const roles = (fields: object) => {
    const [effect] = change(fields).list
    return effect?.kind === 'permissions' && effect.permissions.map(({ role }) => role)
  }

  it('are shown by their roles, with the names that they bear where they differ, and nothing that hides', () => {
    expect(
      roles({
        witness: set(1, 'witness', BOB),
        actives: [set(2, 'active', BOB), set(2, 'pay"roll\u202e', BOB), set(2, '', BOB)],
      }),
    ).toEqual(['owner', 'witness', 'active', 'active "payroll"', 'active ""'])
    // The bytes may call anything by any name.
    expect(roles({ owner: set(2, 'owner', OWN), actives: [set(0, 'active', BOB)] })).toEqual([
      'active "owner"',
      'owner "active"',
    ])
    expect(roles({ owner: set(1, 'witness', OWN), actives: [] })).toEqual(['witness'])
  })

  it('show what active ones may do, and nothing of the kind for the owner', () => {
    const operations = `02${'0'.repeat(62)}`
    const [effect] = change({ actives: [{ ...set(2, 'active', BOB), operations }] }).list
    const [owner, active] = effect?.kind === 'permissions' ? effect.permissions : []
    expect(Object.keys(owner!)).not.toContain('operations')
    expect(active!.operations).toEqual(['Transfer'])
  })

  it('without the own key among the owners, or without owners, are told as that', () => {
    const both = ['permission-change', 'permission-change']
    expect(codes(change({}))).toEqual(['permission-change'])
    expect(codes(change({ owner: set(0, 'owner', BOB, OWN) }))).toEqual(['permission-change'])
    expect(codes(change({ owner: set(0, 'owner', BOB) }))).toEqual(both)
    expect(codes(change({ owner: undefined }))).toEqual(both)
  })

  it('are shown beside those of before, of which a draft tells at most a hundred lines', () => {
    const before = (hints: Record<string, string>) => {
      const [effect] = change({}, hints).list
      return effect?.kind === 'permissions' ? effect.before : 'another effect'
    }
    expect(before({ before0: 'one', before12: 'two' })).toEqual(['one', 'two'])
    expect(before({ before0: '\u202eone\u0000' })).toEqual(['one'])
    expect(before({ before0: 'x'.repeat(300) })).toEqual(['x'.repeat(200)])
    for (const name of ['before', 'before123', 'xbefore0', 'before0x', 'beforexy'])
      expect(before({ [name]: 'evil' }), name).toBeUndefined()
    expect(Object.keys(change({}).list[0]!)).not.toContain('before')
  })
})

describe('what a draft forecasts', () => {
  const fields = (hints: Record<string, string>) => inspect({ ...draftOf(pay), hints }, tronNetwork).fields

  it('is shown by the names of its parts alone, cleaned and short', () => {
    const known = { bandwidthFrom: 'free', energyPrice: '100', activation: '5', multiSign: '6' }
    expect(fields(known)).toMatchObject(known)
    const longest = `energy${'x'.repeat(20)}`
    expect(fields({ [longest]: 'y' })).toHaveProperty(longest)
    for (const name of [`${longest}x`, 'Xenergy', 'energy-', 'energy x', 'fee', 'memo2'])
      expect(Object.keys(fields({ [name]: 'y' })), name).not.toContain(name)
    expect(fields({ energy: 'x'.repeat(300) })['energy']).toBe('x'.repeat(200))
  })

  it('never shows bytes that hide, but a mark in their place', () => {
    const actives = [
      {
        type: 2,
        id: 0,
        permissionName: 'a\u202eb',
        threshold: 1n,
        parentId: 0,
        operations: '',
        keys: [{ address: OWN, weight: 1n }],
      },
    ]
    const type = 'AccountPermissionUpdateContract'
    const effects = effectsOf({ type, ownerAddress: OWN, owner: undefined, witness: undefined, actives })
    expect(effects.fields['actives']).toContain('"a\ufffdb"')
    // Nor a word for what is not there.
    expect(Object.keys(effects.fields)).not.toContain('owner')
  })
})
