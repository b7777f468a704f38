import { type DraftFields, type Effects, isCofferError } from '@coffer/core'
import { getCreateAddress } from 'ethers'
import fc from 'fast-check'
import { encodeFunctionData, keccak256, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { encodeApprove, encodeTransfer, MAX_UINT256, PERMIT2 } from './abi.ts'
import { ZERO_ADDRESS } from './address.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { inspect } from './inspect.ts'
import type { Address, EvmNetwork, EvmTransaction, Hex } from './intent.ts'
import { bnbNetwork, ethereumNetwork } from './networks.ts'
import { encodeUnsigned } from './transaction.ts'

const SELF: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const TO: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const OTHER: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const USDT: Address = '0xdAC17F958D2ee523a2206206994597C13D831ec7'
const UNLISTED: Address = '0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984'
const DELEGATE: Address = '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B'
const NETWORK: EvmNetwork = { ...ethereumNetwork, delegates: [DELEGATE] }
const COIN = ethereumNetwork.coin.id
const id = (token: Address): string => `eip155:1/erc20:${token}`

const BASE: Extract<EvmTransaction, { type: 'eip1559' }> = {
  type: 'eip1559',
  chainId: 1n,
  nonce: 7n,
  gasLimit: 50_000n,
  to: TO,
  value: 0n,
  data: '0x',
  maxFeePerGas: 30n,
  maxPriorityFeePerGas: 2n,
  accessList: [],
}

function draftOf(payload: string, hints: Record<string, string> = {}): DraftFields {
  // The intent says something else on purpose: inspection must not listen to it.
  return { chain: 'eip155:1', account: `eip155:1:${SELF}`, intent: { kind: 'cancel' }, payload, hints }
}

function look(change: Partial<EvmTransaction>, hints: Record<string, string> = {}): Effects {
  return inspect(draftOf(encodeUnsigned({ ...BASE, ...change } as EvmTransaction), hints), NETWORK)
}

const call = (signature: string, args: unknown[], to: Address = USDT, value = 0n): Effects => {
  const abi = parseAbi([`function ${signature}`] as never) as readonly unknown[]
  return look({ to, value, data: encodeFunctionData({ abi, args } as never) })
}
const codes = ({ warnings }: Effects): string[] => warnings.map(({ code }) => code).sort()

describe('the coin', () => {
  test('a payment', () => {
    const effects = look({ value: 10n ** 18n })
    expect(effects.list).toEqual([{ kind: 'transfer', asset: COIN, from: SELF, to: TO, amount: 10n ** 18n }])
    expect(effects.warnings).toEqual([])
    expect(effects.fields).toEqual({
      type: 'eip1559',
      chainId: '1',
      nonce: '7',
      gasLimit: '50000',
      to: TO,
      value: '1000000000000000000',
      data: '0x',
      maxFeePerGas: '30',
      maxPriorityFeePerGas: '2',
      accessList: '[]',
    })
  })

  test('nothing to oneself is a cancellation, nothing to another is an empty payment', () => {
    expect(look({ to: SELF })).toMatchObject({ list: [{ kind: 'cancel' }], warnings: [] })
    expect(look({})).toMatchObject({ list: [{ kind: 'transfer', amount: 0n, to: TO }] })
    expect(codes(look({}))).toEqual(['zero-amount'])
  })

  test('to oneself, to a token, less than the fee', () => {
    expect(codes(look({ to: SELF, value: 10n ** 18n }))).toEqual(['recipient-is-self'])
    expect(codes(look({ to: USDT, value: 10n ** 18n }))).toEqual(['recipient-is-token'])
    expect(codes(look({ value: 50_000n * 30n }))).toEqual([])
    expect(codes(look({ value: 50_000n * 30n - 1n }))).toEqual(['fee-above-amount'])
    expect(codes(look({ value: 1n }))).toEqual(['fee-above-amount'])
  })

  test('coin that goes with a call is a transfer of its own', () => {
    const effects = call('approve(address,uint256)', [TO, 5n], USDT, 9n)
    expect(effects.list).toMatchObject([
      { kind: 'transfer', asset: COIN, to: USDT, amount: 9n },
      { kind: 'approve', spender: TO, amount: 5n },
    ])
  })

  test('a deployment, with coin for the new contract', () => {
    const effects = look({ to: null, data: '0x6001', value: 3n })
    expect(effects.list).toEqual([
      {
        kind: 'transfer',
        asset: COIN,
        from: SELF,
        to: getCreateAddress({ from: SELF, nonce: 7 }),
        amount: 3n,
      },
      { kind: 'deploy', codeSize: 2, codeHash: keccak256('0x6001') },
    ])
    expect(codes(effects)).toEqual(['deployment'])
    expect(look({ to: null, data: '0x' }).list).toMatchObject([{ kind: 'deploy', codeSize: 0 }])
    expect(effects.fields).toMatchObject({ to: '', data: '0x6001', value: '3' })
  })
})

describe('tokens', () => {
  test('a payment', () => {
    const effects = look({ to: USDT, data: encodeTransfer(TO, 5n) })
    expect(effects.list).toEqual([{ kind: 'transfer', asset: id(USDT), from: SELF, to: TO, amount: 5n }])
    expect(effects.warnings).toEqual([])
  })

  test('an unlisted token, the token itself, another token, oneself, nothing', () => {
    expect(codes(look({ to: UNLISTED, data: encodeTransfer(TO, 5n) }))).toEqual(['unlisted-token'])
    expect(codes(look({ to: USDT, data: encodeTransfer(USDT, 5n) }))).toEqual(['recipient-is-token'])
    expect(codes(look({ to: UNLISTED, data: encodeTransfer(UNLISTED, 5n) }))).toEqual([
      'recipient-is-token',
      'unlisted-token',
    ])
    expect(codes(look({ to: UNLISTED, data: encodeTransfer(USDT, 5n) }))).toEqual([
      'recipient-is-token',
      'unlisted-token',
    ])
    expect(codes(look({ to: USDT, data: encodeTransfer(SELF, 5n) }))).toEqual(['recipient-is-self'])
    expect(codes(look({ to: USDT, data: encodeTransfer(TO, 0n) }))).toEqual(['zero-amount'])
  })

  test("transferFrom of a listed token moves somebody's tokens", () => {
    const effects = call('transferFrom(address,address,uint256)', [OTHER, TO, 5n])
    expect(effects.list).toEqual([{ kind: 'transfer', asset: id(USDT), from: OTHER, to: TO, amount: 5n }])
    expect(effects.warnings).toEqual([])
  })

  test('transferFrom elsewhere may move an amount or an NFT: both are told', () => {
    const effects = call('transferFrom(address,address,uint256)', [SELF, TO, 5n], UNLISTED)
    expect(effects.list).toEqual([
      { kind: 'transfer', asset: id(UNLISTED), from: SELF, to: TO, amount: 5n },
      {
        kind: 'nft-transfer',
        collection: `eip155:1/erc721:${UNLISTED}`,
        tokenId: 5n,
        from: SELF,
        to: TO,
        amount: 1n,
      },
    ])
    expect(codes(effects)).toEqual(['token-or-nft', 'unlisted-token'])
  })

  test('NFTs', () => {
    const one = call('safeTransferFrom(address,address,uint256)', [SELF, TO, 5n], UNLISTED)
    const moved = { kind: 'nft-transfer', from: SELF, to: TO }
    expect(one.list).toEqual([
      { ...moved, collection: `eip155:1/erc721:${UNLISTED}`, tokenId: 5n, amount: 1n },
    ])
    const batch = 'safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)'
    const many = call(batch, [SELF, TO, [5n, 6n], [2n, 3n], '0x'], UNLISTED)
    const collection = `eip155:1/erc1155:${UNLISTED}`
    expect(many.list).toEqual([
      { ...moved, collection, tokenId: 5n, amount: 2n },
      { ...moved, collection, tokenId: 6n, amount: 3n },
    ])
    expect(codes(call('safeTransferFrom(address,address,uint256)', [SELF, SELF, 5n]))).toEqual([
      'recipient-is-self',
    ])
  })
})

describe('E4: approvals', () => {
  const approved = { kind: 'approve', asset: id(USDT), owner: SELF, spender: TO }

  test('approve', () => {
    const effects = call('approve(address,uint256)', [TO, 5n])
    expect(effects).toMatchObject({ list: [{ ...approved, amount: 5n, unlimited: false }], warnings: [] })
  })

  test('at an unlisted contract it may be an NFT', () => {
    expect(codes(call('approve(address,uint256)', [TO, 5n], UNLISTED))).toEqual([
      'token-or-nft',
      'unlisted-token',
    ])
  })

  test.each([MAX_UINT256, MAX_UINT256 >> 1n, 1n << 255n, 1n << 128n, (1n << 96n) - 1n, 10n ** 18n])(
    '%s of a token with 6 decimals is unlimited',
    (amount) => {
      const effects = call('approve(address,uint256)', [TO, amount])
      expect(effects.list).toMatchObject([{ amount, unlimited: true }])
      expect(codes(effects)).toEqual(['unlimited-approval'])
    },
  )

  test('what can run out is not unlimited', () => {
    expect(call('approve(address,uint256)', [TO, 10n ** 18n - 1n]).list).toMatchObject([{ unlimited: false }])
    const most = (1n << 96n) - 2n
    expect(call('approve(address,uint256)', [TO, most], UNLISTED).list).toMatchObject([{ unlimited: false }])
    expect(call('approve(address,uint256)', [TO, most + 1n], UNLISTED).list).toMatchObject([
      { unlimited: true },
    ])
  })

  test('increaseAllowance and decreaseAllowance', () => {
    const more = call('increaseAllowance(address,uint256)', [TO, MAX_UINT256])
    expect(more.list).toEqual([{ ...approved, amount: MAX_UINT256, unlimited: true, change: 'increase' }])
    expect(codes(more)).toEqual(['unlimited-approval'])
    const less = call('decreaseAllowance(address,uint256)', [TO, MAX_UINT256])
    expect(less.list).toEqual([{ ...approved, amount: MAX_UINT256, unlimited: false, change: 'decrease' }])
    expect(codes(less)).toEqual([])
  })

  test('permits that somebody else signed', () => {
    const word = `0x${'01'.repeat(32)}`
    const permit = 'permit(address,address,uint256,uint256,uint8,bytes32,bytes32)'
    expect(call(permit, [OTHER, TO, 5n, 9n, 27, word, word]).list).toEqual([
      { ...approved, owner: OTHER, amount: 5n, unlimited: false },
    ])
    const dai = 'permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)'
    expect(call(dai, [OTHER, TO, 5n, 9n, true, 27, word, word]).list).toEqual([
      { ...approved, owner: OTHER, amount: MAX_UINT256, unlimited: true },
    ])
  })

  test('setApprovalForAll', () => {
    const given = call('setApprovalForAll(address,bool)', [TO, true], UNLISTED)
    const effect = {
      kind: 'approve-all',
      collection: `eip155:1/erc721:${UNLISTED}`,
      owner: SELF,
      operator: TO,
    }
    expect(given.list).toEqual([{ ...effect, approved: true }])
    expect(codes(given)).toEqual(['approval-for-all'])
    const taken = call('setApprovalForAll(address,bool)', [TO, false], UNLISTED)
    expect(taken.list).toEqual([{ ...effect, approved: false }])
    expect(codes(taken)).toEqual([])
  })

  test('Permit2: allowances and transfers', () => {
    const approve = 'approve(address,address,uint160,uint48)'
    expect(call(approve, [USDT, TO, 5n, 99], PERMIT2).list).toEqual([
      { ...approved, amount: 5n, unlimited: false, expires: 99n },
    ])
    const unlimited = call(approve, [UNLISTED, TO, (1n << 160n) - 1n, 99], PERMIT2)
    expect(unlimited.list).toMatchObject([{ unlimited: true }])
    expect(codes(unlimited)).toEqual(['unlimited-approval', 'unlisted-token'])
    const permit = 'permit(address,((address,uint160,uint48,uint48)[],address,uint256),bytes)'
    const permitted = call(
      permit,
      [
        OTHER,
        [
          [
            [USDT, 5n, 9, 0],
            [UNLISTED, 6n, 9, 0],
          ],
          TO,
          1n,
        ],
        '0x',
      ],
      PERMIT2,
    )
    expect(permitted.list).toMatchObject([
      { owner: OTHER, spender: TO, asset: id(USDT), amount: 5n },
      { owner: OTHER, spender: TO, asset: id(UNLISTED), amount: 6n },
    ])
    const moved = call('transferFrom(address,address,uint160,address)', [OTHER, TO, 5n, USDT], PERMIT2)
    expect(moved.list).toEqual([{ kind: 'transfer', asset: id(USDT), from: OTHER, to: TO, amount: 5n }])
  })

  test('a call of Permit2 at another contract is not understood', () => {
    const effects = call('approve(address,address,uint160,uint48)', [USDT, TO, 5n, 99], UNLISTED)
    expect(effects.list).toMatchObject([{ kind: 'call', to: UNLISTED, selector: '0x87517c45' }])
    expect(codes(effects)).toEqual(['unknown-call'])
  })
})

describe('calls that are not understood', () => {
  test.each<[string, Hex]>([
    ['an unknown selector', '0x12345678'],
    ['less than a selector', '0x12'],
    ['a payment with a byte too many', `${encodeTransfer(TO, 5n)}00`],
    ['a payment with a byte too few', encodeTransfer(TO, 5n).slice(0, -2) as Hex],
    ['an approval with an unclean address', encodeApprove(TO, 5n).replace('095ea7b30', '095ea7b3f') as Hex],
  ])('%s', (_, data) => {
    const effects = look({ to: USDT, data })
    const disguised = data.length > 10 && { disguised: true }
    expect(effects.list).toEqual([
      { kind: 'call', to: USDT, selector: data.slice(0, 10), data, ...disguised },
    ])
    expect(codes(effects)).toEqual(['unknown-call'])
  })
})

describe('E3: delegations', () => {
  const own = { chainId: 1n, address: DELEGATE, nonce: 8n }
  const delegation = (list: unknown[], change: object = {}): Partial<EvmTransaction> =>
    ({ type: 'eip7702', to: SELF, authorizationList: list, ...change }) as never

  test('to a pinned contract, and back', () => {
    const effects = look(delegation([own]))
    expect(effects.list).toEqual([{ kind: 'delegate', authority: SELF, to: DELEGATE, nonce: 8n }])
    expect(codes(effects)).toEqual(['delegation'])
    expect(look(delegation([{ ...own, address: ZERO_ADDRESS }])).list).toMatchObject([{ to: null }])
  })

  test('the authority of a signed authorisation is who signed it', async () => {
    const other = privateKeyToAccount(`0x${'59'.repeat(32)}`)
    const { r, s, yParity } = await other.signAuthorization({ chainId: 1, address: DELEGATE, nonce: 8 })
    const signed = { ...own, signature: { r: BigInt(r), s: BigInt(s), yParity } }
    expect(look(delegation([signed])).list).toMatchObject([{ authority: other.address }])
  })

  test.each<[string, unknown[]]>([
    ['of every chain (chain id 0)', [{ ...own, chainId: 0n }]],
    ['of another chain', [{ ...own, chainId: 56n }]],
    ['to a contract that is not pinned', [{ ...own, address: TO }]],
    ['hidden behind a good one', [own, { ...own, address: TO }]],
    ['with a signature of nobody', [{ ...own, signature: { r: 5n, s: 1n, yParity: 0 } }]],
  ])('%s are refused', (_, list) => {
    expect(() => look(delegation(list))).toThrow(expect.objectContaining({ code: 'INVALID_DRAFT' }))
  })

  test('none is allowed where no contract is pinned', () => {
    const draft = draftOf(encodeUnsigned({ ...BASE, ...delegation([own]) } as EvmTransaction))
    expect(() => inspect(draft, ethereumNetwork)).toThrow(expect.objectContaining({ code: 'INVALID_DRAFT' }))
  })
})

describe('E6: the fee', () => {
  test('its ceiling is computed from the bytes', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 1n << 40n), fc.bigInt(2n, 1n << 80n), (gasLimit, maxFeePerGas) => {
        const { fee } = look({ gasLimit, maxFeePerGas })
        expect(fee).toEqual({
          asset: COIN,
          expected: gasLimit * maxFeePerGas,
          ceiling: gasLimit * maxFeePerGas,
          rate: { value: maxFeePerGas, unit: 'weiPerGas' },
        })
      }),
    )
    const legacy = look({ type: 'legacy', gasPrice: 40n } as never)
    expect(legacy.fee).toMatchObject({ ceiling: 50_000n * 40n, rate: { value: 40n } })
  })

  test('hints make the expected fee', () => {
    expect(look({}, { gasUsed: '21000', baseFeePerGas: '10' }).fee.expected).toBe(21_000n * 12n)
    expect(look({}, { gasUsed: '21000' }).fee.expected).toBe(21_000n * 30n)
    expect(look({}, { baseFeePerGas: '10' }).fee.expected).toBe(50_000n * 12n)
  })

  test('whatever the hints say, no more than the ceiling is expected, and the ceiling stays', () => {
    const text = fc.oneof(
      fc.string(),
      fc.bigInt().map(String),
      fc.constantFrom('1e3', '0x10', '-1', ' 1', '9'.repeat(100)),
    )
    fc.assert(
      fc.property(text, text, (gasUsed, baseFeePerGas) => {
        const { fee } = look({}, { gasUsed, baseFeePerGas })
        expect(fee.ceiling).toBe(1_500_000n)
        expect(fee.expected).toBeLessThanOrEqual(fee.ceiling)
        expect(fee.expected).toBeGreaterThanOrEqual(0n)
      }),
    )
    expect(look({}, { gasUsed: '-1', baseFeePerGas: 'x' }).fee.expected).toBe(1_500_000n)
  })

  test('the hint of a gap becomes a warning', () => {
    expect(codes(look({ value: 10n ** 18n }, { nonceGap: 'true' }))).toEqual(['nonce-gap'])
  })
})

describe('what is not a draft of this network', () => {
  test('E1: another chain in the bytes, or in the draft', () => {
    expect(() => look({ chainId: 56n })).toThrow(/the chain 56/)
    expect(() => inspect({ ...draftOf(encodeUnsigned(BASE)), chain: 'eip155:56' }, NETWORK)).toThrow(
      expect.objectContaining({ code: 'INVALID_DRAFT' }),
    )
    expect(() => inspect(draftOf(encodeUnsigned(BASE)), bnbNetwork)).toThrow(
      expect.objectContaining({ code: 'INVALID_DRAFT' }),
    )
  })

  test('an account of another chain', () => {
    expect(() =>
      inspect({ ...draftOf(encodeUnsigned(BASE)), account: `eip155:56:${SELF}` }, NETWORK),
    ).toThrow(expect.objectContaining({ code: 'INVALID_ACCOUNT' }))
  })

  test('any change of a byte is refused or shows', () => {
    const samples: Partial<EvmTransaction>[] = [
      { value: 10n ** 18n },
      { to: USDT, data: encodeTransfer(TO, 5n) },
      { to: UNLISTED, data: '0x12345678' },
      { accessList: [{ address: TO, storageKeys: [`0x${'01'.repeat(32)}`] }] },
      {
        type: 'eip7702',
        to: SELF,
        authorizationList: [{ chainId: 1n, address: DELEGATE, nonce: 8n }],
      } as never,
      { type: 'legacy', gasPrice: 5n } as never,
    ]
    for (const sample of samples) {
      const payload = encodeUnsigned({ ...BASE, ...sample } as EvmTransaction)
      const before = shown(inspect(draftOf(payload), NETWORK))
      const size = (payload.length - 2) / 2
      fc.assert(
        fc.property(fc.nat(size - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
          const bytes = hexToBytes(payload)
          bytes[at]! ^= change
          try {
            expect(shown(inspect(draftOf(bytesToHex(bytes)), NETWORK))).not.toBe(before)
          } catch (error) {
            if (!isCofferError(error, 'INVALID_DRAFT')) throw error
          }
        }),
        { numRuns: 300 },
      )
    }
  })

  const shown = (effects: Effects): string =>
    JSON.stringify(effects, (_, value) => (typeof value === 'bigint' ? value.toString() : value))
})
