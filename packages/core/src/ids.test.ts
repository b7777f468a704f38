import { describe, expect, it } from 'vitest'
import { parseAccountId, parseAssetId, parseChainId } from './ids.ts'

describe('CAIP ids', () => {
  it('splits chain, asset and account ids', () => {
    expect(parseChainId('eip155:1')).toEqual({ id: 'eip155:1', namespace: 'eip155', reference: '1' })
    expect(parseChainId('bip122:000000000019d6689c085ae165831e93').namespace).toBe('bip122')
    expect(parseAssetId('eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7')).toMatchObject({
      chain: 'eip155:1',
      namespace: 'erc20',
    })
    expect(parseAccountId('eip155:1:0xab')).toEqual({
      id: 'eip155:1:0xab',
      chain: 'eip155:1',
      address: '0xab',
    })
  })

  it.each([
    '',
    'eip155',
    'eip155:',
    ':1',
    'EIP155:1',
    'eip155:1 ',
    'e:1',
    'eip155:1:2',
    `eip155:${'1'.repeat(33)}`,
    5,
    null,
  ])('refuses %j as a chain', (text) => {
    expect(() => parseChainId(text as string)).toThrow(expect.objectContaining({ code: 'INVALID_CHAIN' }))
  })

  it.each([
    'eip155:1',
    'eip155:1/',
    'eip155:1/erc20',
    'eip155:1/erc20:0x/1',
    'eip155:1/erc20:\u202e0x',
    null,
  ])('refuses %j as an asset', (text) => {
    expect(() => parseAssetId(text as string)).toThrow(expect.objectContaining({ code: 'INVALID_ASSET' }))
  })

  it.each(['eip155:1', 'eip155:1:', 'eip155:1:a:b', 'eip155:1:0x 1', undefined])(
    'refuses %j as an account',
    (text) => {
      expect(() => parseAccountId(text as string)).toThrow(
        expect.objectContaining({ code: 'INVALID_ACCOUNT' }),
      )
    },
  )
})
