import { CofferError } from '@coffer/core'
import { describe, expect, test } from 'vitest'
import { addressToHex } from './address.ts'
import { contracts, type TronContract } from './contracts.ts'
import { allContracts } from './contracts-more.ts'
import { BOB, EVE, OWN } from './fake-source.fixture.ts'
import { bytesToHex } from './hex.ts'
import { decode, encode, type SchemaOf } from './protobuf.ts'

const wrong = (reason: string): CofferError => new CofferError({ code: 'INVALID_DRAFT', message: reason })
const [A, B, C] = [OWN, BOB, EVE].map((address) => `15${addressToHex(address)}`)

const permission = (type: number) => ({
  type,
  id: 2,
  permissionName: 'pay',
  threshold: 3n,
  parentId: 4,
  operations: '7f00',
  keys: [
    { address: BOB, weight: 5n },
    { address: EVE, weight: 6n },
  ],
})
/** All of a permission but its type. */
const PAY = `10021a037061792003280432027f003a190a${B}10053a190a${C}1006`

/** Each contract with all of its fields, its number, and the bytes that protobuf makes of java-tron's own files. */
const VECTORS: readonly (readonly [number, TronContract, string])[] = [
  [
    0,
    { type: 'AccountCreateContract', ownerAddress: OWN, accountAddress: BOB, accountType: 2 },
    `0a${A}12${B}1802`,
  ],
  [
    1,
    { type: 'TransferContract', ownerAddress: OWN, toAddress: BOB, amount: 1_000_000n },
    `0a${A}12${B}18c0843d`,
  ],
  [
    2,
    { type: 'TransferAssetContract', assetName: '1000001', ownerAddress: OWN, toAddress: BOB, amount: 7n },
    `0a073130303030303112${A}1a${B}2007`,
  ],
  [
    4,
    {
      type: 'VoteWitnessContract',
      ownerAddress: OWN,
      votes: [
        { voteAddress: BOB, voteCount: 1n },
        { voteAddress: EVE, voteCount: 2n },
      ],
      support: true,
    },
    `0a${A}12190a${B}100112190a${C}10021801`,
  ],
  [13, { type: 'WithdrawBalanceContract', ownerAddress: OWN }, `0a${A}`],
  [
    30,
    {
      type: 'CreateSmartContract',
      ownerAddress: OWN,
      newContract: {
        originAddress: BOB,
        contractAddress: EVE,
        abi: {
          entrys: [
            {
              anonymous: true,
              constant: true,
              name: 'f',
              inputs: [{ indexed: true, name: 'x', type: 'int' }],
              outputs: [{ indexed: true, name: 'y', type: 'int' }],
              type: 6,
              payable: true,
              stateMutability: 4,
            },
          ],
        },
        bytecode: '60',
        callValue: 1n,
        consumeUserResourcePercent: 2n,
        name: 'N',
        originEnergyLimit: 3n,
        codeHash: 'aa',
        trxHash: 'bb',
        version: 5,
      },
      callTokenValue: 8n,
      tokenId: 9n,
    },
    `0a${A}126b0a${B}12${C}1a270a25080110011a0166220a08011201781a03696e742a0a08011201791a03696e74300638014004220160280130023a014e40034a01aa5201bb580518082009`,
  ],
  [
    31,
    {
      type: 'TriggerSmartContract',
      ownerAddress: OWN,
      contractAddress: BOB,
      callValue: 1n,
      data: 'a9059cbb',
      callTokenValue: 2n,
      tokenId: 3n,
    },
    `0a${A}12${B}18012204a9059cbb28023003`,
  ],
  [
    46,
    {
      type: 'AccountPermissionUpdateContract',
      ownerAddress: OWN,
      owner: permission(0),
      witness: permission(1),
      actives: [permission(2), permission(2)],
    },
    `0a${A}1245${PAY}1a470801${PAY}22470802${PAY}22470802${PAY}`,
  ],
  [
    54,
    { type: 'FreezeBalanceV2Contract', ownerAddress: OWN, frozenBalance: 1n, resource: 2 },
    `0a${A}10011802`,
  ],
  [
    55,
    { type: 'UnfreezeBalanceV2Contract', ownerAddress: OWN, unfreezeBalance: 1n, resource: 2 },
    `0a${A}10011802`,
  ],
  [56, { type: 'WithdrawExpireUnfreezeContract', ownerAddress: OWN }, `0a${A}`],
  [
    57,
    {
      type: 'DelegateResourceContract',
      ownerAddress: OWN,
      resource: 2,
      balance: 3n,
      receiverAddress: BOB,
      lock: true,
      lockPeriod: 4n,
    },
    `0a${A}1002180322${B}28013004`,
  ],
  [
    58,
    { type: 'UnDelegateResourceContract', ownerAddress: OWN, resource: 2, balance: 3n, receiverAddress: BOB },
    `0a${A}1002180322${B}`,
  ],
  [59, { type: 'CancelAllUnfreezeV2Contract', ownerAddress: OWN }, `0a${A}`],
]

type Name = keyof typeof contracts
const schemaOf = (name: Name): SchemaOf<unknown> => contracts[name][1] as SchemaOf<unknown>
const write = ({ type, ...value }: TronContract): string =>
  bytesToHex(encode<unknown>(schemaOf(type), value, wrong))

test.each(VECTORS)('contract %i has the number and the fields of java-tron', (number, contract, hex) => {
  expect(contracts[contract.type][0]).toBe(number)
  expect(write(contract)).toBe(hex)
  const { type, ...value } = contract
  expect(decode(schemaOf(type), encode<unknown>(schemaOf(type), value, wrong), wrong)).toEqual(value)
})

test('every contract that is signed is among them, and read, too', () => {
  expect(VECTORS.map(([, { type }]) => type).sort()).toEqual(Object.keys(contracts).sort())
  expect(allContracts).toMatchObject(contracts)
  expect(Object.keys(allContracts).length).toBeGreaterThan(Object.keys(contracts).length)
})

describe('what may be absent', () => {
  test('is no address, no message and no item of a list', () => {
    const own = { ownerAddress: OWN, owner: undefined, witness: undefined, actives: [] }
    expect(write({ type: 'AccountPermissionUpdateContract', ...own })).toBe(`0a${A}`)
    expect(write({ type: 'VoteWitnessContract', ownerAddress: OWN, votes: [], support: false })).toBe(
      `0a${A}`,
    )
  })
})

describe('numbers', () => {
  const INT32 = 0x7fff_ffff
  const change = (fields: object) => (): string =>
    write({
      type: 'AccountPermissionUpdateContract',
      ownerAddress: OWN,
      owner: { ...permission(0), ...fields },
      witness: undefined,
      actives: [],
    })
  const resource = (type: 'FreezeBalanceV2Contract', resource: number) => (): string =>
    write({ type, ownerAddress: OWN, frozenBalance: 1n, resource })

  test('that name a kind end at the highest one, and others at 2^31 − 1', () => {
    for (const fields of [{ type: 2 }, { id: INT32 }, { parentId: INT32 }])
      expect(change(fields)).not.toThrow()
    for (const fields of [{ type: 3 }, { id: INT32 + 1 }, { parentId: INT32 + 1 }])
      expect(change(fields)).toThrow('out of range')
    expect(resource('FreezeBalanceV2Contract', 3)).toThrow('out of range')
    for (const [name, field, most] of [
      ['AccountCreateContract', 'accountType', 2],
      ['UnfreezeBalanceV2Contract', 'resource', 2],
      ['DelegateResourceContract', 'resource', 2],
      ['UnDelegateResourceContract', 'resource', 2],
    ] as const) {
      const [, contract] = VECTORS.find(([, { type }]) => type === name)!
      expect(() => write({ ...contract, [field]: most }), name).not.toThrow()
      expect(() => write({ ...contract, [field]: most + 1 }), name).toThrow('out of range')
    }
  })

  test('of a new contract and its description have their ends, too', () => {
    const [, contract] = VECTORS.find(([number]) => number === 30)!
    if (contract.type !== 'CreateSmartContract') throw new Error('another contract')
    const { newContract } = contract
    const [entry] = newContract.abi!.entrys
    const made = (more: object) => write({ ...contract, newContract: { ...newContract, ...more } })
    const described = (more: object) => made({ abi: { entrys: [{ ...entry, ...more }] } })
    expect(() => made({ version: INT32 })).not.toThrow()
    for (const wrong of [
      () => made({ version: INT32 + 1 }),
      () => described({ type: 7 }),
      () => described({ stateMutability: 5 }),
    ])
      expect(wrong).toThrow('out of range')
    expect(made({ abi: undefined, contractAddress: '' })).not.toContain(C)
  })

  test('that are amounts are never negative', () => {
    for (const [, contract] of VECTORS)
      for (const [name, value] of Object.entries(contract))
        if (typeof value === 'bigint')
          expect(() => write({ ...contract, [name]: -1n } as TronContract), name).toThrow('out of range')
  })
})
