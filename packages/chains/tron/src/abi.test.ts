import fc from 'fast-check'
import { type AbiFunction, decodeFunctionData, encodeFunctionData, parseAbi, parseAbiItem } from 'viem'
import { describe, expect, it } from 'vitest'
import { decodeCall, encodeAddress, encodeApprove, encodeTransfer } from './abi.ts'
import { addressFromBytes, addressToHex } from './address.ts'

const bytes20 = fc.uint8Array({ minLength: 20, maxLength: 20 })
const uint = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
const evm = (address: string): `0x${string}` => `0x${addressToHex(address).slice(2)}`

const KNOWN = [
  'function transfer(address to, uint256 amount)',
  'function transferFrom(address from, address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function increaseAllowance(address spender, uint256 amount)',
  'function increaseApproval(address spender, uint256 amount)',
  'function decreaseAllowance(address spender, uint256 amount)',
  'function decreaseApproval(address spender, uint256 amount)',
  'function setApprovalForAll(address operator, bool approved)',
] as const

describe('call data', () => {
  it('is written as viem writes it', () => {
    const abi = parseAbi(['function transfer(address,uint256)', 'function approve(address,uint256)'])
    fc.assert(
      fc.property(bytes20, uint, (bytes, amount) => {
        const address = addressFromBytes(bytes)
        const args = [evm(address), amount] as const
        expect(encodeTransfer(address, amount)).toBe(
          encodeFunctionData({ abi, functionName: 'transfer', args }),
        )
        expect(encodeApprove(address, amount)).toBe(
          encodeFunctionData({ abi, functionName: 'approve', args }),
        )
      }),
    )
  })

  it('of every known call is read as viem writes it, and with the first byte of Tron in its padding', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KNOWN),
        bytes20,
        bytes20,
        uint,
        fc.boolean(),
        (signature, one, two, amount, yes) => {
          const item = parseAbiItem(signature) as AbiFunction
          const [a, b] = [addressFromBytes(one), addressFromBytes(two)]
          let next = 0
          const args = item.inputs.map(({ type }) =>
            type === 'address' ? evm([a, b][next++]!) : type === 'bool' ? yes : amount,
          )
          const data = encodeFunctionData({ abi: [item], args }).slice(2)
          const change = /^increase/.test(item.name)
            ? 'increase'
            : /^decrease/.test(item.name)
              ? 'decrease'
              : undefined
          const expected = {
            transfer: { name: 'transfer', to: a, amount },
            transferFrom: { name: 'transferFrom', from: a, to: b, amount },
            approve: { name: 'approve', spender: a, amount },
            setApprovalForAll: { name: 'setApprovalForAll', operator: a, approved: yes },
          }[change ? 'approve' : item.name]
          expect(decodeCall(data)).toEqual(change ? { ...expected, change } : expected)
          const words = data.slice(8).match(/.{64}/g)!
          const padded = words.map((word, i) =>
            item.inputs[i]!.type === 'address' ? `${'0'.repeat(22)}41${word.slice(24)}` : word,
          )
          expect(decodeCall(data.slice(0, 8) + padded.join(''))).toEqual(decodeCall(data))
        },
      ),
    )
  })

  it('is read whole or not at all: never with bytes over, bytes short, or dirt in the padding', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KNOWN),
        bytes20,
        fc.nat(1_000),
        fc.integer({ min: 1, max: 255 }),
        (signature, bytes, place, byte) => {
          const item = parseAbiItem(signature) as AbiFunction
          const args = item.inputs.map(({ type }) =>
            type === 'address' ? evm(addressFromBytes(bytes)) : type === 'bool' ? true : 5n,
          )
          const data = encodeFunctionData({ abi: [item], args }).slice(2)
          expect(decodeCall(`${data}00`)).toBeUndefined()
          expect(decodeCall(data.slice(0, -2))).toBeUndefined()
          const at = 8 + 2 * (place % ((data.length - 8) / 2))
          const old = Number.parseInt(data.slice(at, at + 2), 16)
          const changed = data.slice(0, at) + (old ^ byte).toString(16).padStart(2, '0') + data.slice(at + 2)
          const read = decodeCall(changed)
          // Whatever is read is what viem reads of it, too.
          if (read === undefined || changed.slice(0, 34) !== data.slice(0, 34)) return
          expect(read).not.toEqual(decodeCall(data))
          const { args: again } = decodeFunctionData({ abi: [item], data: `0x${changed}` })
          expect(encodeFunctionData({ abi: [item], args: again ?? [] })).toBe(`0x${changed}`)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('of other selectors is not understood, inherited names among them', () => {
    for (const data of [
      '',
      'a9059c',
      'deadbeef',
      'toString',
      `constructor${'0'.repeat(117)}`,
      'A9059CBB'.padEnd(136, '0'),
    ])
      expect(decodeCall(data)).toBeUndefined()
  })

  it('of a word that is dirty, or neither yes nor no, is not understood at all', () => {
    const call = (address: string, yes: string) => decodeCall(`a22cb465${address}${yes}`)
    const [good, yes, no] = ['11'.repeat(20).padStart(64, '0'), '1'.padStart(64, '0'), '0'.repeat(64)]
    expect(call(good, yes)).toMatchObject({ name: 'setApprovalForAll', approved: true })
    expect(call(good, no)).toMatchObject({ approved: false })
    for (const dirty of [
      `f${good.slice(1)}`,
      `ff${'0'.repeat(24)}${'41'.repeat(19)}`,
      `${'0'.repeat(20)}ff41${good.slice(24)}`,
      `${'0'.repeat(22)}a0${good.slice(24)}`,
      `000${'11'.repeat(20).padStart(61, 'f')}`,
    ])
      expect(call(dirty, yes), dirty).toBeUndefined()
    for (const word of ['2', '3', '10', '11'])
      expect(call(good, word.padStart(64, '0')), word).toBeUndefined()
    expect(call(good, '1'.padEnd(64, '0'))).toBeUndefined()
    expect(call(good, `8${'1'.padStart(63, '0')}`)).toBeUndefined()
  })

  it('has addresses as words of 32 bytes', () => {
    expect(encodeAddress('TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t')).toBe(
      '000000000000000000000000a614f803b6fd780986a42c78ec9c7f77e6ded13c',
    )
  })
})
