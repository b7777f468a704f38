import { TronWeb, utils } from 'tronweb'
import { beforeEach, describe, expect, test } from 'vitest'
import { contracts } from './contracts.ts'
import { allContracts } from './contracts-more.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { forget } from './hostile.fixture.ts'
import { decodeRaw, encodeRaw, txidOf } from './transaction.ts'
import { expectTold, toTronWeb } from './tronweb.fixture.ts'
import { b58, cases, HEADER } from './tronweb-cases.fixture.ts'

beforeEach(forget)

interface Built {
  readonly txID: string
  readonly raw_data_hex: string
  readonly raw_data: { readonly contract: readonly [{ readonly type: string }] }
}

/** It never reaches a node: the only question that building asks is answered here. */
const tronWeb = new TronWeb({ fullHost: 'http://127.0.0.1:1' })
tronWeb.setAddress(b58(255))
tronWeb.trx.getCurrentRefBlockParams = async () => ({ ...HEADER }) as never
const builder = tronWeb.transactionBuilder as unknown as Record<
  string,
  (...args: unknown[]) => Promise<unknown>
>

async function build(method: string, args: readonly unknown[]): Promise<Built> {
  const built = await builder[method]!(...args)
  return ((built as { transaction?: Built }).transaction ?? built) as Built
}

const thrower = (reason: string): never => {
  throw new Error(reason)
}

/** That we read it, all of it, as tronweb does, and write the same bytes again. */
function expectRead({ raw_data_hex, txID, raw_data }: Built): void {
  const raw = hexToBytes(raw_data_hex)
  const tx = decodeRaw(raw, thrower, allContracts)
  expect(bytesToHex(encodeRaw(tx, allContracts))).toBe(raw_data_hex)
  expect(txidOf(raw)).toBe(txID)

  const { type } = raw_data.contract[0]
  expect(tx.contract.type).toBe(type)
  const told = utils.deserializeTx.deserializeTransaction(type, raw_data_hex)
  const [part] = told.contract as [{ parameter: { value: object }; Permission_id: number }]
  expect(tx.permission).toBe(part.Permission_id)
  expect(tx.memo).toBe(told.data.toLowerCase())
  expectTold(toTronWeb(tx.contract, type), part.parameter.value)

  if (Object.hasOwn(contracts, type)) expect(decodeRaw(raw, thrower)).toEqual(tx)
  else expect(() => decodeRaw(raw, thrower)).toThrow('this wallet does not know')
}

describe('every transaction that tronweb’s tests build', () => {
  test.each(cases.map(([name, method, ...args], i) => [i, name, method, args] as const))(
    '%i: %s (%s)',
    async (_, __, method, args) => {
      expectRead(await build(method, args))
    },
  )

  test('#extendExpiration, #addUpdateData and #alterTransaction', async () => {
    const data = 'Sending money to Bill.'
    const sent = await build('sendTrx', [b58(42), 10, b58(43)])
    for (const args of [
      ['extendExpiration', sent, 3600, { txLocal: true }],
      ['addUpdateData', sent, data, 'utf8', { txLocal: true }],
      ['alterTransaction', sent, { data, txLocal: true }],
    ] as const) {
      const altered = await build(args[0], args.slice(1))
      expect(altered.txID).not.toBe(sent.txID)
      expectRead(altered)
    }
  })

  test('every contract of the tables that tronweb can build is among them', async () => {
    const built = await Promise.all(cases.map(([, method, ...args]) => build(method, args)))
    const types = new Set(built.map((tx) => tx.raw_data.contract[0].type))
    // tronweb has no method for these two.
    const never = ['UnfreezeAssetContract', 'WitnessUpdateContract']
    expect([...types, ...never].sort()).toEqual(Object.keys(allContracts).sort())
  })
})
