import { describe, expect, test } from 'vitest'
import { typedDataVectors } from './typed-data.fixture.ts'
import { checkTypedData, encodeType, hashChecked, type TypedDataRules } from './typed-data.ts'

/** A chain whose addresses are forty digits after `a:`, in capitals. */
const RULES: TypedDataRules = {
  chainId: 7n,
  network: 'seven',
  parseAddress: (text) => {
    if (/^a:[0-9a-fA-F]{40}$/.test(text)) return text.toUpperCase().replace('A:', 'a:')
    throw new Error('no address')
  },
  addressBytes: (address) =>
    Uint8Array.from(address.slice(2).match(/../g) ?? [], (byte) => Number(`0x${byte}`)),
  types: { tokenId: 'uint256', mark: 'bytes4' },
}
const hex = (bytes: Uint8Array): string =>
  `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`

const ask = (type: string, value: unknown, more: object = {}): object => ({
  types: { Ask: [{ name: 'a', type }] },
  primaryType: 'Ask',
  domain: { name: 'Test', chainId: 7 },
  message: { a: value },
  ...more,
})
const hash = (request: object, rules = RULES): string =>
  hex(hashChecked(checkTypedData(request, rules), rules))
const refused = (code: string): unknown => expect.objectContaining({ code })

describe('EIP-712', () => {
  const rulesFor = (chainId: unknown): TypedDataRules => ({
    ...RULES,
    chainId: BigInt((chainId as number | undefined) ?? 0),
    parseAddress: (text) => {
      if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text
      throw new Error('no address')
    },
    types: {},
  })

  test.each(typedDataVectors.map(({ digest, ...request }) => [digest, request] as const))(
    '%s',
    (digest, request) => {
      const rules = rulesFor(request.domain['chainId'])
      expect(hash(request, rules)).toBe(digest)
    },
  )

  test('the type and all that it uses, in order of name', () => {
    const types = {
      Mail: [
        { name: 'from', type: 'Person' },
        { name: 'parts', type: 'Attachment[2][]' },
      ],
      Person: [{ name: 'wallet', type: 'address' }],
      Attachment: [{ name: 'of', type: 'Person' }],
    }
    expect(encodeType('Mail', types)).toBe(
      'Mail(Person from,Attachment[2][] parts)Attachment(Person of)Person(address wallet)',
    )
  })
})

describe('what differs between chains', () => {
  const address = `a:${'0f'.repeat(20)}`

  test('addresses are read and written by the rules', () => {
    const { message } = checkTypedData(ask('address[]', [address]), RULES)
    expect(message).toEqual({ a: [`a:${'0F'.repeat(20)}`] })
    expect(() => checkTypedData(ask('address', `0x${'0f'.repeat(20)}`), RULES)).toThrow(
      refused('INVALID_TYPED_DATA'),
    )
    const other = { ...RULES, addressBytes: () => new Uint8Array(20) }
    expect(hash(ask('address', address))).not.toBe(hash(ask('address', address), other))
  })

  test('an extra type keeps its name and is hashed as the one that it stands for', () => {
    expect(checkTypedData(ask('tokenId', '1000001'), RULES).message).toEqual({ a: 1_000_001n })
    expect(checkTypedData(ask('mark', '0xAABBCCDD'), RULES).message).toEqual({ a: '0xaabbccdd' })
    expect(hash(ask('tokenId', '1000001'))).not.toBe(hash(ask('uint256', '1000001')))
    expect(() => checkTypedData(ask('tokenId', -5), RULES)).toThrow(/does not fit/)
    // The same word by another road, so the same hash.
    const wide = { ...RULES, types: { tokenId: 'int64', mark: 'bytes32' } }
    expect(hash(ask('tokenId', 5))).toBe(hash(ask('tokenId', 5), wide))
    expect(hash(ask('mark', '0xaabbccdd'))).toBe(hash(ask('mark', `0xaabbccdd${'00'.repeat(28)}`), wide))
  })

  test('an extra type cannot be declared, and is unknown to other chains', () => {
    const declared = ask('tokenId', 1, {
      types: { Ask: [{ name: 'a', type: 'tokenId' }], tokenId: [{ name: 'x', type: 'bool' }] },
    })
    expect(() => checkTypedData(declared, RULES)).toThrow(/name that cannot be one/)
    const { types: _, ...bare } = RULES
    expect(() => checkTypedData(ask('tokenId', 1), bare)).toThrow(/does not declare/)
    expect(() => checkTypedData(ask('toString', 1), RULES)).toThrow(/does not declare/)
  })

  test('E5: the chain is the one of the rules', () => {
    const elsewhere = ask('bool', true, { domain: { name: 'Test', chainId: 8 } })
    expect(() => checkTypedData(elsewhere, RULES)).toThrow(
      expect.objectContaining({
        code: 'CHAIN_MISMATCH',
        message: 'This request is for the chain 8; the account is on seven. Do not sign it here.',
        details: { wanted: 7n, found: 8n },
      }),
    )
    const nowhere = ask('bool', true, { domain: { name: 'Test' } })
    expect(checkTypedData(nowhere, RULES).domain).toEqual({ name: 'Test' })
    const permit = {
      ...nowhere,
      types: { Permit: [{ name: 'a', type: 'bool' }] },
      primaryType: 'Permit',
    }
    expect(() => checkTypedData(permit, RULES)).toThrow(/does not say on which chain/)
  })
})
