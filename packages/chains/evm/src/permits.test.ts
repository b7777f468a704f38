import { type Effects, nobleEngine } from '@coffer/core'
import { describe, expect, test } from 'vitest'
import type { Address } from './intent.ts'
import { ethereumNetwork } from './networks.ts'
import { inspectTypedData, signTypedData, verifyTypedData } from './typed-data.ts'

const SELF: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const OTHER: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const SPENDER: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const USDC: Address = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
/** https://docs.uniswap.org/contracts/permit2/overview */
const PERMIT2: Address = '0x000000000022D473030F116dDEE9F6B43aC78BA3'

type Found = Pick<Effects, 'list' | 'warnings'>
const look = (typedData: unknown): Found =>
  inspectTypedData({ account: `eip155:1:${SELF}`, typedData }, ethereumNetwork)
const codes = ({ warnings }: Found): string[] => warnings.map(({ code }) => code)

const typed = (text: string): { name: string; type: string }[] =>
  text.split(',').map((field) => ({ type: field.split(' ')[0]!, name: field.split(' ')[1]! }))

const TERMS = 'address spender,uint256 nonce,uint256 deadline'
const ONE = `TokenPermissions permitted,${TERMS}`
const MANY = `TokenPermissions[] permitted,${TERMS}`

function transfer(primaryType: string, fields: string, contract = PERMIT2, more: object = {}): unknown {
  const one = { token: USDC, amount: 5 }
  const permitted = fields.includes('[]') ? [one] : one
  const message = { permitted, spender: SPENDER, nonce: 0, deadline: 99, ...more }
  return {
    types: { [primaryType]: typed(fields), TokenPermissions: typed('address token,uint256 amount') },
    primaryType,
    domain: { name: 'Permit2', chainId: 1, verifyingContract: contract },
    message,
  }
}

describe('E4: Permit2 transfers are told by their shape', () => {
  test.each([
    ['PermitTransferFrom', ONE],
    ['PermitWitnessTransferFrom', `${ONE},uint256 witness`],
    ['PermitBatchTransferFrom', MANY],
    ['PermitBatchWitnessTransferFrom', `${MANY},uint256 witness`],
  ])('%s is an approval that ends', (primaryType, fields) => {
    const more = fields.includes('witness') ? { witness: 1 } : {}
    const approval = { kind: 'approve', owner: SELF, spender: SPENDER, amount: 5n, expires: 99n }
    expect(look(transfer(primaryType, fields, PERMIT2, more))).toMatchObject({
      list: [approval],
      warnings: [],
    })

    const elsewhere = look(transfer(primaryType, fields, OTHER, more))
    expect(elsewhere.list).toMatchObject([approval, { kind: 'call', to: OTHER }])
    expect(codes(elsewhere)).toEqual(['unknown-call'])
  })

  test.each([
    ['MyPermitTransferFrom', ONE],
    ['PermitTransferFromMe', ONE],
    ['Order', ONE],
    ['MyPermitBatchTransferFrom', MANY],
    ['PermitBatchTransferFromMe', MANY],
    ['PermitTransferFrom', `address spender,TokenPermissions permitted,uint256 nonce,uint256 deadline`],
    ['PermitTransferFrom', MANY],
    ['PermitBatchTransferFrom', ONE],
  ])('%s(%s) is not understood', (primaryType, fields) => {
    const found = look(transfer(primaryType, fields))
    expect(found.list).toMatchObject([{ kind: 'call', to: PERMIT2 }])
    expect(codes(found)).toEqual(['unknown-call'])
  })

  test('a permit as DAI has it, of no contract, is an approval and a call', () => {
    const found = look({
      types: { Permit: typed('address holder,address spender,uint256 nonce,uint256 expiry,bool allowed') },
      primaryType: 'Permit',
      domain: { name: 'X', chainId: 1 },
      message: { holder: SELF, spender: SPENDER, nonce: 0, expiry: 0, allowed: false },
    })
    expect(found.list).toMatchObject([{ kind: 'approve' }, { kind: 'call' }])
  })

  test('G2: of a long name only the beginning is repeated', () => {
    const name = `A${'b'.repeat(60)}`
    const { warnings } = look({
      types: { [name]: typed('bool yes') },
      primaryType: name,
      domain: { chainId: 1, verifyingContract: OTHER },
      message: { yes: true },
    })
    expect(warnings[0]?.message).toContain(` signed A${'b'.repeat(39)} is `)
  })
})

test('G5: a signature is of its signer, its text and its form alone', async () => {
  const secret = new Uint8Array(32).fill(7)
  const keys = async () => ({
    publicKey: nobleEngine.publicKey(secret),
    ecdsa: (hash: Uint8Array) => nobleEngine.ecdsaSign(hash, secret),
  })
  const address = '0x4a62316623ad457F02cDC5D997deD67a383EC569'
  const typedData = transfer('PermitTransferFrom', ONE)
  const account = `eip155:1:${address}`
  const signature = await signTypedData({ account, typedData }, keys, ethereumNetwork)
  const verify = (change: object): boolean =>
    verifyTypedData({ address, typedData, signature, ...change }, ethereumNetwork)
  expect(verify({})).toBe(true)
  expect(verify({ address: OTHER })).toBe(false)
  expect(verify({ signature: '0x' })).toBe(false)
  expect(verify({ typedData: transfer('PermitTransferFrom', ONE, OTHER) })).toBe(false)
})
