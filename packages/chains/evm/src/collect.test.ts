import { describe, expect, test } from 'vitest'
import { addApproval, addNftTransfer, collect, warn } from './collect.ts'
import type { Address } from './intent.ts'
import { ethereumNetwork } from './networks.ts'

const SELF: Address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const OTHER: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const UNLISTED: Address = '0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984'
const STRANGE: Address = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359'

describe('warnings', () => {
  test('the same one is given once, another code or sentence beside it', () => {
    const found = collect(ethereumNetwork, SELF)
    warn(found, 'zero-amount', 'Nothing is paid.')
    warn(found, 'zero-amount', 'Nothing is paid.')
    warn(found, 'nonce-gap', 'Nothing is paid.')
    warn(found, 'zero-amount', 'Nothing at all is paid.')
    expect(found.warnings).toEqual([
      { code: 'zero-amount', message: 'Nothing is paid.' },
      { code: 'nonce-gap', message: 'Nothing is paid.' },
      { code: 'zero-amount', message: 'Nothing at all is paid.' },
    ])
  })

  test('every unlisted token is named, each once', () => {
    const found = collect(ethereumNetwork, SELF)
    for (const token of [UNLISTED, STRANGE, UNLISTED])
      addApproval(found, { token, owner: SELF, spender: OTHER, amount: 5n })
    expect(found.warnings.map(({ message }) => /0x\w+/.exec(message)?.[0])).toEqual([UNLISTED, STRANGE])
  })

  test('many NFTs to oneself are one warning', () => {
    const found = collect(ethereumNetwork, SELF)
    for (const tokenId of [1n, 2n])
      addNftTransfer(found, 'erc721', UNLISTED, { from: SELF, to: SELF, tokenId, amount: 1n })
    expect(found.list).toHaveLength(2)
    expect(found.warnings).toMatchObject([{ code: 'recipient-is-self' }])
  })
})

test('E4: an approval without an end or a change does not pretend to have one', () => {
  const found = collect(ethereumNetwork, SELF)
  addApproval(found, { token: UNLISTED, owner: SELF, spender: OTHER, amount: 5n })
  addApproval(found, { token: UNLISTED, owner: SELF, spender: OTHER, amount: 5n, expires: 0n })
  expect(found.list.map((effect) => Object.keys(effect))).toEqual([
    ['kind', 'asset', 'owner', 'spender', 'amount', 'unlimited'],
    ['kind', 'asset', 'owner', 'spender', 'amount', 'unlimited', 'expires'],
  ])
})
