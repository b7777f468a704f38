import { createWallet, hdDerive, hdFromSeed, hdSecret, nobleEngine } from '@coffer/core'
import { privateKeySigner } from '@coffer/signer-software'
import fc from 'fast-check'
import { TronWeb, utils } from 'tronweb'
import { describe, expect, it } from 'vitest'
import { accountAddress, addressFromBytes, addressToHex } from './address.ts'
import { makeDraft } from './draft.ts'
import { bytesToHex } from './hex.ts'
import type { TronIntent } from './intent.ts'
import { tronNetwork } from './networks.ts'
import type { TxNumbers } from './rebuild.ts'
import { decodeSigned } from './transaction.ts'
import { tron } from './tron.ts'

const secret = hdSecret(hdDerive(hdFromSeed(new Uint8Array(32).fill(5), nobleEngine), 'm/44h/195h/0h/0/0'))
const chain = tron()
const wallet = createWallet({
  chains: [chain],
  signer: privateKeySigner({ privateKey: secret }),
  policy: { unlimitedApprovals: true, permissionChanges: true },
})
const account = await wallet.describe('tron')
const own = accountAddress(account, tronNetwork)
/** It never reaches a node. */
const tronWeb = new TronWeb({ fullHost: 'http://127.0.0.1:1', privateKey: bytesToHex(secret) })
const builder = tronWeb.transactionBuilder

/** Now: tronweb refuses to sign what expired, and the wallet what is too far away. */
const numbersOf = (feeLimit: number): TxNumbers => {
  const timestamp = BigInt(Date.now())
  const times = { timestamp, expiration: timestamp + 600_000n }
  return { refBlockBytes: '8de6', refBlockHash: '5d0ae4f5d2b1a3c7', ...times, feeLimit: BigInt(feeLimit) }
}

/** tronweb counts in JS numbers. */
const amount = fc.bigInt(1n, (1n << 53n) - 1n)
const stake = fc.bigInt(1_000_000n, (1n << 53n) - 1n)
const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .filter((bytes) => bytes.some((byte) => byte > 0))
  .map(addressFromBytes)
const resource = fc.constantFrom('bandwidth' as const, 'energy' as const)
const token = fc.constantFrom(...tronNetwork.tokens.map((token) => token.address))

const intents: Readonly<Record<string, fc.Arbitrary<TronIntent>>> = {
  TRX: fc.record({ kind: fc.constant('pay'), asset: fc.constant(tronNetwork.coin.id), to: address, amount }),
  'TRC-10': fc.record({
    kind: fc.constant('pay'),
    asset: fc.integer({ min: 1_000_001, max: 1_999_999 }).map((id) => `tron:0x2b6653dc/trc10:${id}` as const),
    to: address,
    amount,
  }),
  'TRC-20': fc.record({
    kind: fc.constant('pay'),
    asset: token.map((token) => `tron:0x2b6653dc/trc20:${token}` as const),
    to: address,
    amount,
  }),
  approve: fc.record({
    kind: fc.constant('approve'),
    asset: token.map((token) => `tron:0x2b6653dc/trc20:${token}` as const),
    spender: address,
    amount,
  }),
  activate: fc.record({ kind: fc.constant('activate'), to: address }),
  freeze: fc.record({ kind: fc.constant('freeze'), amount: stake, resource }),
  unfreeze: fc.record({ kind: fc.constant('unfreeze'), amount: stake, resource }),
  'cancel-unfreeze': fc.record({ kind: fc.constant('cancel-unfreeze') }),
  withdraw: fc.record({ kind: fc.constant('withdraw') }),
  claim: fc.record({ kind: fc.constant('claim') }),
  delegate: fc.record({
    kind: fc.constant('delegate'),
    to: address,
    amount: stake,
    resource,
    lockBlocks: fc.bigInt(0n, 864_000n),
  }),
  undelegate: fc.record({ kind: fc.constant('undelegate'), to: address, amount: stake, resource }),
  vote: fc.record({
    kind: fc.constant('vote'),
    votes: fc.uniqueArray(fc.record({ to: address, count: amount }), {
      selector: ({ to }) => to,
      minLength: 1,
      maxLength: 30,
    }),
  }),
  permissions: fc
    .record({
      other: address,
      weight: fc.bigInt(1n, 9n),
      operations: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex),
    })
    .map(({ other, weight, operations }) => {
      const keys = [
        { address: own, weight: 1n },
        { address: other, weight },
      ]
      return {
        kind: 'permissions' as const,
        owner: { threshold: 1n + weight, keys },
        actives: [{ threshold: weight, keys, name: 'active', operations }],
      }
    }),
}

/** The same by tronweb's builder. */
function build(intent: TronIntent, header: object, feeLimit: number): Promise<unknown> {
  const local = { blockHeader: header }
  const contract = { ...local, txLocal: true, feeLimit }
  const code = (name: 'bandwidth' | 'energy') => name.toUpperCase() as 'BANDWIDTH' | 'ENERGY'
  switch (intent.kind) {
    case 'pay': {
      const [, kind = '', id = ''] = /\/(\w+):(\w+)$/.exec(intent.asset) ?? []
      if (kind === 'slip44') return builder.sendTrx(intent.to, Number(intent.amount), own, local)
      if (kind === 'trc10') return builder.sendToken(intent.to, Number(intent.amount), id, own, local)
      const parameters = [
        { type: 'address', value: intent.to },
        { type: 'uint256', value: intent.amount.toString() },
      ]
      return builder.triggerSmartContract(id, 'transfer(address,uint256)', contract, parameters, own)
    }
    case 'approve': {
      const id = intent.asset.split(':').at(-1) ?? ''
      const parameters = [
        { type: 'address', value: intent.spender },
        { type: 'uint256', value: intent.amount.toString() },
      ]
      return builder.triggerSmartContract(id, 'approve(address,uint256)', contract, parameters, own)
    }
    case 'activate':
      return builder.createAccount(intent.to, own, local)
    case 'freeze':
      return builder.freezeBalanceV2(Number(intent.amount), code(intent.resource), own, local)
    case 'unfreeze':
      return builder.unfreezeBalanceV2(Number(intent.amount), code(intent.resource), own, local)
    case 'cancel-unfreeze':
      return builder.cancelUnfreezeBalanceV2(own, local)
    case 'withdraw':
      return builder.withdrawExpireUnfreeze(own, local)
    case 'claim':
      return builder.withdrawBlockRewards(own, local)
    case 'delegate':
      return builder.delegateResource(
        Number(intent.amount),
        intent.to,
        code(intent.resource),
        own,
        intent.lockBlocks > 0n,
        Number(intent.lockBlocks),
        local,
      )
    case 'undelegate':
      return builder.undelegateResource(Number(intent.amount), intent.to, code(intent.resource), own, local)
    case 'vote':
      return builder.vote(
        Object.fromEntries(intent.votes.map(({ to, count }) => [to, Number(count)])),
        own,
        local,
      )
    case 'permissions': {
      const keysOf = (keys: readonly { address: string; weight: bigint }[]) =>
        keys.map(({ address, weight }) => ({ address: addressToHex(address), weight: Number(weight) }))
      const { owner, actives } = intent
      const permission = {
        permission_name: 'owner',
        threshold: Number(owner.threshold),
        keys: keysOf(owner.keys),
      }
      return builder.updateAccountPermissions(
        own,
        { type: 0, ...permission },
        null,
        actives.map((active) => ({
          type: 2,
          permission_name: active.name,
          threshold: Number(active.threshold),
          operations: active.operations,
          keys: keysOf(active.keys),
        })),
        local,
      )
    }
    default:
      throw new Error(`no ${intent.kind}`)
  }
}

describe('what is signed', () => {
  it.each(Object.entries(intents))(
    '%s: is byte for byte what tronweb builds and signs on the same header',
    async (_, intent) => {
      await fc.assert(
        fc.asyncProperty(intent, fc.integer({ min: 1, max: 100_000_000 }), async (intent, limit) => {
          const calls = intent.kind === 'approve' || ('asset' in intent && intent.asset.includes('trc20'))
          const feeLimit = calls ? limit : 0
          const numbers = numbersOf(feeLimit)
          const header = {
            ref_block_bytes: numbers.refBlockBytes,
            ref_block_hash: numbers.refBlockHash,
            expiration: Number(numbers.expiration),
            timestamp: Number(numbers.timestamp),
          }
          const ours = await wallet.sign(makeDraft(tronNetwork, account, { ...intent, again: true }, numbers))
          const answer = (await build(intent, header, feeLimit)) as { transaction?: object }
          const built = (answer.transaction ?? answer) as Parameters<typeof tronWeb.trx.sign>[0]
          const theirs = (await tronWeb.trx.sign(built)) as {
            txID: string
            raw_data_hex: string
            signature: string[]
          }
          const { raw, signatures } = decodeSigned(ours.raw)
          expect(bytesToHex(raw)).toBe(theirs.raw_data_hex)
          expect(ours.txid).toBe(theirs.txID)
          expect(signatures.map(bytesToHex)).toEqual(theirs.signature.map((text) => text.toLowerCase()))
        }),
        { numRuns: 15 },
      )
    },
  )

  it('deploys with the bytes that tronweb makes', async () => {
    const numbers = numbersOf(100_000_000)
    const intent: TronIntent = {
      kind: 'deploy',
      value: 3n,
      data: '0x6001600155',
      name: 'Own',
      userPercent: 60n,
      originEnergyLimit: 5_000n,
    }
    const ours = await wallet.sign(makeDraft(tronNetwork, account, { ...intent, again: true }, numbers))
    const header = {
      ref_block_bytes: numbers.refBlockBytes,
      ref_block_hash: numbers.refBlockHash,
      expiration: Number(numbers.expiration),
      timestamp: Number(numbers.timestamp),
    }
    const built = await builder.createSmartContract(
      {
        abi: [{ type: 'constructor', inputs: [], stateMutability: 'payable', payable: true }] as never,
        bytecode: '6001600155',
        name: 'Own',
        callValue: 3,
        feeLimit: 100_000_000,
        userFeePercentage: 60,
        originEnergyLimit: 5_000,
        blockHeader: header,
      } as never,
      own,
    )
    // The description of a contract's calls is not sent here: without it, the bytes are the same.
    const bare = built as {
      raw_data: { contract: { parameter: { value: { new_contract: { abi: object } } } }[] }
    }
    bare.raw_data.contract[0]!.parameter.value.new_contract.abi = {}
    const pb = utils.transaction.txJsonToPb(bare as never)
    expect(utils.transaction.txPbToTxID(pb as never).replace(/^0x/, '')).toBe(ours.txid)
  })
})
