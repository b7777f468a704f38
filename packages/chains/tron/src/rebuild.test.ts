import { beforeEach, describe, expect, it } from 'vitest'
import { makeDraft } from './draft.ts'
import { BOB, EVE, OWN, TRX, USDT } from './fake-source.fixture.ts'
import { forget } from './hostile.fixture.ts'
import type { TronIntent } from './intent.ts'
import { tronNetwork } from './networks.ts'
import { buildTransaction, contractOf, needsEnergy, rebuild } from './rebuild.ts'

beforeEach(forget)

const COIN = tronNetwork.coin.id
const TOKEN = `tron:0x2b6653dc/trc20:${USDT}` as const
const TRC10 = 'tron:0x2b6653dc/trc10:1000001'
const numbers = {
  refBlockBytes: '1a2b',
  refBlockHash: '00112233aabbccdd',
  timestamp: 1_764_000_000_000n,
  expiration: 1_764_000_600_000n,
  feeLimit: 0n,
}
const pay: TronIntent = { kind: 'pay', asset: COIN, to: BOB, amount: 5n }
const build = (intent: TronIntent) => buildTransaction(intent, numbers, tronNetwork, OWN)
const contract = (intent: object) => contractOf(intent as TronIntent, tronNetwork, OWN)
const refused = (code: string): unknown => expect.objectContaining({ code })

describe('a transaction', () => {
  it('takes the numbers, the memo and the permission, and nothing else from elsewhere', () => {
    const more = { ...numbers, memo: 'ff', permission: 9, contract: 'evil' }
    const built = buildTransaction(pay, more, tronNetwork, OWN)
    const transfer = { type: 'TransferContract', ownerAddress: OWN, toAddress: BOB, amount: 5n }
    expect(built).toEqual({ ...numbers, memo: '', permission: 0, contract: transfer })
    const permission = { id: 2, threshold: 1n, keys: [{ address: OWN, weight: 1n }] }
    expect(build({ ...pay, memo: 'c0ffee', permission })).toMatchObject({ memo: 'c0ffee', permission: 2 })
  })

  it('is never built of an intent that cannot be carried out', () => {
    expect(() => build({ ...pay, amount: 0n })).toThrow(refused('INVALID_AMOUNT'))
    expect(() => build({ ...pay, amount: 1n << 63n })).toThrow(refused('INVALID_AMOUNT'))
    expect(() => build({ kind: 'approve', asset: COIN, spender: BOB, amount: 1n })).toThrow(
      refused('INVALID_ASSET'),
    )
    expect(() => build({ kind: 'sweep' } as never)).toThrow(refused('INVALID_REQUEST'))
  })

  it.each<TronIntent>([
    { ...pay, to: OWN },
    { ...pay, asset: TRC10, to: OWN },
    { kind: 'activate', to: OWN },
    { kind: 'delegate', to: OWN, amount: TRX, resource: 'energy', lockBlocks: 0n },
    { kind: 'undelegate', to: OWN, amount: TRX, resource: 'energy' },
  ])('$kind: an account never deals with itself', (intent) => {
    expect(() => build(intent)).toThrow(refused('INVALID_REQUEST'))
    expect(build({ ...intent, to: BOB } as TronIntent).contract.ownerAddress).toBe(OWN)
  })
})

describe('a contract', () => {
  it('is none for the approval of a coin, nor for a kind that is not known', () => {
    for (const asset of [COIN, TRC10])
      expect(() => contract({ kind: 'approve', asset, spender: BOB, amount: 1n })).toThrow(
        refused('INVALID_REQUEST'),
      )
    for (const kind of ['sweep', '', undefined])
      expect(() => contract({ kind })).toThrow(refused('INVALID_REQUEST'))
  })

  it('locks what it lends for as many blocks as were asked for, and else not', () => {
    const lend = (lockBlocks: bigint) =>
      contract({ kind: 'delegate', to: BOB, amount: TRX, resource: 'bandwidth', lockBlocks })
    expect(lend(0n)).toMatchObject({ lock: false, lockPeriod: 0n, resource: 0 })
    expect(lend(1n)).toMatchObject({ lock: true, lockPeriod: 1n })
    expect(lend(86_400n)).toMatchObject({ lock: true, lockPeriod: 86_400n })
  })

  it('that deploys, votes or opens an account has nothing that nobody asked for', () => {
    const code = { value: 3n, data: '0x6001', name: 'Own', userPercent: 60n, originEnergyLimit: 5_000n }
    expect(contract({ kind: 'deploy', ...code })).toEqual({
      type: 'CreateSmartContract',
      ownerAddress: OWN,
      newContract: {
        originAddress: OWN,
        contractAddress: '',
        abi: { entrys: [] },
        bytecode: '6001',
        callValue: 3n,
        consumeUserResourcePercent: 60n,
        name: 'Own',
        originEnergyLimit: 5_000n,
        codeHash: '',
        trxHash: '',
        version: 0,
      },
      callTokenValue: 0n,
      tokenId: 0n,
    })
    const opened = { type: 'AccountCreateContract', ownerAddress: OWN, accountAddress: BOB, accountType: 0 }
    expect(contract({ kind: 'activate', to: BOB })).toEqual(opened)
    const votes = [{ voteAddress: BOB, voteCount: 3n }]
    expect(contract({ kind: 'vote', votes: [{ to: BOB, count: 3n }] })).toEqual({
      type: 'VoteWitnessContract',
      ownerAddress: OWN,
      votes,
      support: false,
    })
  })

  it('T3: that gives the account other keys names each permission by its role, and none but those', () => {
    const set = (address: string) => ({ threshold: 1n, keys: [{ address, weight: 1n }] })
    const active = { ...set(BOB), name: 'payroll', operations: '7f'.padEnd(64, '0') }
    const made = { id: 0, parentId: 0, threshold: 1n, operations: '' }
    const change = { kind: 'permissions', owner: set(OWN), actives: [active] }
    const expected = {
      type: 'AccountPermissionUpdateContract',
      ownerAddress: OWN,
      owner: { ...made, ...set(OWN), type: 0, permissionName: 'owner' },
      witness: undefined,
      actives: [{ ...made, ...set(BOB), type: 2, permissionName: 'payroll', operations: active.operations }],
    }
    expect(contract(change)).toEqual(expected)
    const witness = { ...made, ...set(EVE), type: 1, permissionName: 'witness' }
    expect(contract({ ...change, witness: set(EVE) })).toEqual({ ...expected, witness })
  })
})

describe('energy', () => {
  it('is spent by contracts alone', () => {
    const approve = { kind: 'approve', asset: TOKEN, spender: BOB, amount: 1n } as const
    const call = { kind: 'call', to: BOB, value: 0n, data: '0x' } as const
    const code = { value: 0n, data: '0x60', name: '', userPercent: 0n, originEnergyLimit: 1n } as const
    for (const intent of [{ ...pay, asset: TOKEN }, approve, call, { kind: 'deploy', ...code } as const])
      expect(needsEnergy(intent, tronNetwork), intent.kind).toBe(true)
    for (const intent of [pay, { ...pay, asset: TRC10 }, { kind: 'claim' } as const])
      expect(needsEnergy(intent as TronIntent, tronNetwork), intent.kind).toBe(false)
  })
})

describe('T1: what is rebuilt from the intent', () => {
  const draftOf = () => makeDraft(tronNetwork, `tron:0x2b6653dc:${OWN}`, pay, numbers)

  it('is the payload, where nothing was changed', () => {
    const draft = draftOf()
    expect(rebuild(draft, tronNetwork)).toBe(draft.payload)
  })

  it('is nothing where the intent makes no transaction, and says why', () => {
    const empty = { ...draftOf(), intent: { ...pay, amount: 0n } }
    expect(() => rebuild(empty, tronNetwork)).toThrow(
      expect.objectContaining({
        code: 'DRAFT_MISMATCH',
        message: expect.stringContaining('The amount is zero'),
        cause: refused('INVALID_AMOUNT'),
      }),
    )
  })

  it('ends in the error itself where that is not one of ours', () => {
    const broken = { ...draftOf(), intent: { ...pay, amount: 5 as never } }
    expect(() => rebuild(broken, tronNetwork)).toThrow(TypeError)
  })
})
