import fc from 'fast-check'
import { utils } from 'tronweb'
import { describe, expect, test } from 'vitest'
import { addressFromBytes } from './address.ts'
import type { AbiEntry, AbiParam, ContractPermission, TronContract } from './contracts.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { decodeRaw, encodeRaw, encodeSigned, type TronTransaction, txidOf } from './transaction.ts'
import { expectTold, toTronWeb } from './tronweb.fixture.ts'

/** tronweb holds amounts in JS numbers. */
const amount = fc.bigInt(0n, (1n << 53n) - 1n)
const hex = (minLength: number, maxLength = minLength): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength, maxLength }).map(bytesToHex)
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(addressFromBytes)
const small = fc.integer({ min: 0, max: 0x7fff_ffff })
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const bool = fc.boolean()
const ownerAddress = address
const resource = fc.constantFrom(0, 1)

const param: fc.Arbitrary<AbiParam> = fc.record({ indexed: bool, name: text, type: text })
const entry: fc.Arbitrary<AbiEntry> = fc.record({
  anonymous: bool,
  constant: bool,
  name: text,
  inputs: fc.array(param, { maxLength: 3 }),
  outputs: fc.array(param, { maxLength: 3 }),
  type: fc.integer({ min: 0, max: 6 }),
  payable: bool,
  stateMutability: fc.integer({ min: 0, max: 4 }),
})
const permission = (type: number): fc.Arbitrary<ContractPermission> =>
  fc.record({
    type: fc.constant(type),
    id: small,
    permissionName: text,
    threshold: amount,
    parentId: small,
    operations: hex(0, 32),
    keys: fc.array(fc.record({ address, weight: amount }), { maxLength: 5 }),
  })

/** What tronweb can write of each contract; it has no field for the others. */
const CONTRACTS: { [T in TronContract['type']]: fc.Arbitrary<object> } = {
  AccountCreateContract: fc.record({ ownerAddress, accountAddress: address, accountType: fc.constant(0) }),
  TransferContract: fc.record({ ownerAddress, toAddress: address, amount }),
  TransferAssetContract: fc.record({
    assetName: fc.bigInt(1_000_001n, 9_999_999n).map(String),
    ownerAddress,
    toAddress: address,
    amount,
  }),
  VoteWitnessContract: fc.record({
    ownerAddress,
    votes: fc.array(fc.record({ voteAddress: address, voteCount: amount }), { maxLength: 30 }),
    support: fc.constant(false),
  }),
  WithdrawBalanceContract: fc.record({ ownerAddress }),
  CreateSmartContract: fc.record({
    ownerAddress,
    newContract: fc.record({
      originAddress: address,
      contractAddress: fc.constant(''),
      abi: fc.option(fc.record({ entrys: fc.array(entry, { maxLength: 4 }) }), { nil: undefined }),
      bytecode: hex(0, 300),
      callValue: amount,
      consumeUserResourcePercent: amount,
      name: text,
      originEnergyLimit: amount,
      codeHash: fc.constant(''),
      trxHash: fc.constant(''),
      version: fc.constant(0),
    }),
    callTokenValue: amount,
    tokenId: amount,
  }),
  TriggerSmartContract: fc.record({
    ownerAddress,
    contractAddress: address,
    callValue: amount,
    data: hex(0, 300),
    callTokenValue: amount,
    tokenId: amount,
  }),
  AccountPermissionUpdateContract: fc.record({
    ownerAddress,
    owner: fc.option(permission(0), { nil: undefined }),
    witness: fc.option(permission(1), { nil: undefined }),
    actives: fc.array(permission(2), { maxLength: 8 }),
  }),
  FreezeBalanceV2Contract: fc.record({ ownerAddress, frozenBalance: amount, resource }),
  UnfreezeBalanceV2Contract: fc.record({ ownerAddress, unfreezeBalance: amount, resource }),
  WithdrawExpireUnfreezeContract: fc.record({ ownerAddress }),
  DelegateResourceContract: fc.record({
    ownerAddress,
    resource,
    balance: amount,
    receiverAddress: address,
    lock: bool,
    lockPeriod: amount,
  }),
  UnDelegateResourceContract: fc.record({
    ownerAddress,
    resource,
    balance: amount,
    receiverAddress: address,
  }),
  CancelAllUnfreezeV2Contract: fc.record({ ownerAddress }),
}

const frame = {
  refBlockBytes: hex(2),
  refBlockHash: hex(8),
  expiration: fc.bigInt(1n, 1n << 45n),
  timestamp: fc.bigInt(0n, 1n << 45n),
  feeLimit: amount,
  memo: hex(0, 100),
  permission: small,
}

function withTronWeb({
  contract,
  permission,
  memo,
  ...tx
}: TronTransaction): ReturnType<typeof utils.transaction.txJsonToPb> {
  const { type, ...value } = contract
  const raw_data = {
    ...toTronWeb(tx),
    data: memo,
    contract: [{ type, parameter: { value: toTronWeb(value, type) }, Permission_id: permission }],
  }
  return utils.transaction.txJsonToPb({ visible: false, raw_data } as never)
}

const thrower = (reason: string): never => {
  throw new Error(reason)
}

describe.each(Object.entries(CONTRACTS))('%s', (type, value) => {
  const each = fc
    .record({ ...frame, contract: value.map((fields) => ({ type, ...fields })) })
    .map((tx) => tx as unknown as TronTransaction)

  test('is written as tronweb writes it, with the same id, and read back', () => {
    fc.assert(
      fc.property(each, (tx) => {
        const raw = encodeRaw(tx)
        const theirs = withTronWeb(tx)
        expect(bytesToHex(raw)).toBe(utils.transaction.txPbToRawDataHex(theirs).toLowerCase())
        expect(`0x${txidOf(raw)}`).toBe(utils.transaction.txPbToTxID(theirs))
        expect(decodeRaw(raw, thrower)).toEqual(tx)
      }),
    )
  })

  test('is read by tronweb as we read it', () => {
    fc.assert(
      fc.property(each, (tx) => {
        const told = utils.deserializeTx.deserializeTransaction(type, bytesToHex(encodeRaw(tx)))
        const { contract: parts, scripts, auths, ...rest } = told
        const [part] = parts as [{ parameter: { value: object }; Permission_id: number }]
        const { contract, permission, memo, ...fields } = tx
        expectTold({ ...toTronWeb(fields), data: memo }, rest)
        expect([scripts, auths]).toEqual(['', []])
        expect(part.Permission_id).toBe(permission)
        expectTold(toTronWeb(contract, type), part.parameter.value)
      }),
      { numRuns: 50 },
    )
  })

  test('signed, is written as tronweb writes it', () => {
    const signature = fc.uint8Array({ minLength: 65, maxLength: 65 })
    fc.assert(
      fc.property(each, fc.array(signature, { minLength: 1, maxLength: 5 }), (tx, signatures) => {
        const theirs = withTronWeb(tx)
        for (const bytes of signatures) theirs.addSignature(bytes)
        const written = utils.bytes.byteArray2hexStr(theirs.serializeBinary()).toLowerCase()
        expect(encodeSigned(encodeRaw(tx), signatures)).toBe(written)
      }),
      { numRuns: 20 },
    )
  })
})

// tronweb's tests (test/helpers/config.ts) send these bytes. Their signature ends with 01 where tronweb itself writes 1c.
test('a signed transaction of tronweb’s own tests', () => {
  const signed =
    '0a85010a02380a220830202d4c1473d46640d8edabfea72f5a67080112630a2d747970652e676f6f676c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e747261637412320a1541fbbb1a37f9fbc18a3e2b8fd8c0823251cd3b8ee8121541af4852489314e72ffae825238c52d0e1ffff1ead18c0843d70f182cffca72f1241fa301a789dc51714be33b0f298e3f990650bec285ab628ab8ea5f18aeb3466643ca89b604d9df74fa19a11235e0d7ab974322f0097eefe0b7efb38ea9ce4cf6601'
  const raw = hexToBytes(signed.slice(6, 6 + 266))
  const tx = decodeRaw(raw, thrower)
  expect(tx).toMatchObject({
    refBlockBytes: '380a',
    contract: { type: 'TransferContract', amount: 1_000_000n },
  })
  expect(encodeSigned(raw, [hexToBytes(signed.slice(-130))])).toBe(signed)
})
