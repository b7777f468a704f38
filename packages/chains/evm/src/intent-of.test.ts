import { describe, expect, test } from 'vitest'
import { encodeApprove, encodeTransfer } from './abi.ts'
import type { Address, EvmIntent, EvmNetwork, EvmTransaction } from './intent.ts'
import { intentOf } from './intent-of.ts'
import { ethereumNetwork } from './networks.ts'
import { buildTransaction, type TxNumbers } from './rebuild.ts'

const SELF: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const TO: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const USDT: Address = '0xdAC17F958D2ee523a2206206994597C13D831ec7'
const DELEGATE: Address = '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B'
const NETWORK: EvmNetwork = { ...ethereumNetwork, delegates: [DELEGATE] }
const NUMBERS: TxNumbers = { nonce: 7n, gasLimit: 90_000n, maxFeePerGas: 30n, maxPriorityFeePerGas: 2n }
const PRICED: TxNumbers = { nonce: 7n, gasLimit: 90_000n, gasPrice: 30n }
const COIN = ethereumNetwork.coin.id
const TOKEN = `eip155:1/erc20:${USDT}` as const
const accessList = [{ address: USDT, storageKeys: [] }]

const INTENTS: [string, EvmIntent][] = [
  ['a payment', { kind: 'pay', asset: COIN, to: TO, amount: 1n }],
  ['a payment in a token', { kind: 'pay', asset: TOKEN, to: TO, amount: 1n }],
  ['an approval', { kind: 'approve', asset: TOKEN, spender: TO, amount: 5n }],
  ['an approval of nothing', { kind: 'approve', asset: TOKEN, spender: TO, amount: 0n }],
  ['a call', { kind: 'call', to: TO, value: 0n, data: '0x12345678' }],
  ['a call with coin', { kind: 'call', to: TO, value: 1n, data: '0x12345678' }],
  ['nothing to somebody', { kind: 'call', to: TO, value: 0n, data: '0x' }],
  ['a token payment of nothing', { kind: 'call', to: USDT, value: 0n, data: encodeTransfer(TO, 0n) }],
  ['a token payment with coin', { kind: 'call', to: USDT, value: 1n, data: encodeTransfer(TO, 5n) }],
  ['an approval with coin', { kind: 'call', to: USDT, value: 1n, data: encodeApprove(TO, 5n) }],
  ['a payment with an access list', { kind: 'call', to: TO, value: 5n, data: '0x', accessList }],
  [
    'a token payment with an access list',
    { kind: 'call', to: USDT, value: 0n, data: encodeTransfer(TO, 5n), accessList },
  ],
  ['a deployment', { kind: 'deploy', value: 3n, data: '0x6001' }],
  ['a delegation', { kind: 'delegate', to: DELEGATE }],
  ['a delegation taken back', { kind: 'delegate', to: null }],
]

describe('E2: the intent is read back from the transaction that it made', () => {
  test.each(INTENTS)('%s', (_, intent) => {
    for (const numbers of [NUMBERS, PRICED]) {
      if (numbers === PRICED && intent.kind === 'delegate') continue
      expect(intentOf(buildTransaction(intent, numbers, NETWORK, SELF), NETWORK)).toStrictEqual(intent)
    }
  })

  test('a call of which nothing is known is a call, whatever its list says', () => {
    const tx = buildTransaction({ kind: 'call', to: TO, value: 0n, data: '0x' }, NUMBERS, NETWORK, SELF)
    expect(intentOf({ ...tx, accessList } as EvmTransaction, NETWORK)).toMatchObject({ accessList })
  })
})
