import { describe, expect, it } from 'vitest'
import { type FeeFacts, gasPrices } from './fees.ts'
import { bnbNetwork, ethereumNetwork } from './networks.ts'
import { type EvmRequest, resolveRequest } from './request.ts'
import type { Answer } from './rpc.ts'

const TO = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const facts: Answer<FeeFacts> = { ok: true, value: { baseFeePerGas: 100n, tips: [1n, 2n, 3n] } }
const resolve = (costs: object): unknown =>
  resolveRequest({ to: TO, amount: 1n, ...costs } as EvmRequest, ethereumNetwork)
const refusal = (message: RegExp): unknown =>
  expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(message) })

describe('gas limit and nonce', () => {
  const wrong = [21_000, '21000', '0x5208', null, -1n, 1n << 64n, Number.NaN, {}, true]

  it.each(wrong)('refuses a gas limit of %o', (gasLimit) => {
    expect(() => resolve({ gasLimit })).toThrow(refusal(/^gasLimit is a bigint /))
  })

  it.each(wrong)('refuses a nonce of %o', (nonce) => {
    expect(() => resolve({ nonce })).toThrow(refusal(/^nonce is a bigint /))
  })

  it('refuses what no chain takes, and takes what is next to it', () => {
    expect(() => resolve({ gasLimit: (1n << 40n) + 1n })).toThrow(refusal(/^gasLimit /))
    expect(() => resolve({ nonce: (1n << 64n) - 1n })).toThrow(refusal(/^nonce /))
    resolve({ gasLimit: 1n << 40n, nonce: (1n << 64n) - 2n })
    resolve({ gasLimit: 0n, nonce: 0n })
    resolve({ gasLimit: undefined, nonce: undefined, fee: undefined })
  })

  it.each<object>([
    { kind: 'call', to: TO, data: '0x' },
    { kind: 'deploy', data: '0x00' },
    { kind: 'delegate', to: null },
    { kind: 'approve', asset: 'USDC', spender: TO, amount: 1n },
  ])('of %o too', (request) => {
    expect(() => resolve({ ...request, gasLimit: 21_000 })).toThrow(refusal(/^gasLimit /))
  })
})

describe('fee', () => {
  const wrong: [unknown, RegExp][] = [
    ['toString', /^A fee is .*; not "toString"\.$/],
    ['constructor', /^A fee is /],
    ['', /^A fee is /],
    [null, /^A fee is .*; not "null"\.$/],
    [5, /^A fee is .*; not "5"\.$/],
    [5n, /^A fee is /],
    [{}, /^Own fee rates are /],
    [['fast'], /^Own fee rates are /],
    [{ maxFeePerGas: 1n }, /^Own fee rates are /],
    [{ gasPrice: 1n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }, /^Own fee rates are /],
    [{ gasPrice: 5 }, /^Fee rates are bigints /],
    [{ gasPrice: -1n }, /^Fee rates are bigints /],
    [{ maxFeePerGas: 1n, maxPriorityFeePerGas: undefined }, /^Fee rates are bigints /],
  ]

  it.each(wrong)('refuses %o, before anything is asked and for a replacement', (fee, message) => {
    expect(() => resolve({ fee })).toThrow(refusal(message))
    expect(() => gasPrices(fee as never, facts, ethereumNetwork)).toThrow(refusal(message))
  })

  it('takes the speeds and own rates', () => {
    for (const fee of ['slow', 'normal', 'fast', { gasPrice: 7n }]) resolve({ fee })
    const own = { maxPriorityFeePerGas: 1n, maxFeePerGas: 2n }
    resolve({ fee: own })
    expect(gasPrices(own, facts, ethereumNetwork)).toEqual({ ...own, baseFeePerGas: 100n })
    expect(gasPrices({ gasPrice: 7n }, facts, ethereumNetwork)).toEqual({ gasPrice: 7n })
    const legacy: Answer<FeeFacts> = { ok: true, value: { gasPrice: 1n } }
    expect(() => gasPrices(own, legacy, bnbNetwork)).toThrow(refusal(/wants a gas price/))
  })
})
