import { describe, expect, it } from 'vitest'
import { encodeApprove, encodeTransfer } from './abi.ts'
import { makeDraft } from './draft.ts'
import { BOB, OWN, USDT } from './fake-source.fixture.ts'
import type { Hex } from './intent.ts'
import { tronNetwork } from './networks.ts'

const numbers = {
  refBlockBytes: '1a2b',
  refBlockHash: '00112233aabbccdd',
  timestamp: 1_764_000_000_000n,
  expiration: 1_764_000_600_000n,
  feeLimit: 0n,
}
const effectsOf = (data: Hex) =>
  makeDraft(tronNetwork, `tron:0x2b6653dc:${OWN}`, { kind: 'call', to: USDT, value: 0n, data }, numbers)
    .effects.list

describe('E4: a call that begins like one that is known', () => {
  it('and is not that to its last byte is shown as a call in disguise', () => {
    for (const good of [encodeTransfer(BOB, 5n), encodeApprove(BOB, 5n)])
      for (const data of [`${good}00`, good.slice(0, -2), good.slice(0, 10)] as Hex[])
        expect(effectsOf(data)).toStrictEqual([
          { kind: 'call', to: USDT, selector: good.slice(0, 10), data, disguised: true },
        ])
  })

  it('with another selector, or with a part of one, is a call like any other', () => {
    const transfer = encodeTransfer(BOB, 5n)
    for (const data of ['0x', transfer.slice(0, 8), '0xdeadbeef', `0x00${transfer.slice(2)}`] as Hex[])
      expect(effectsOf(data)).toStrictEqual([{ kind: 'call', to: USDT, selector: data.slice(0, 10), data }])
  })

  it('and is that is what it does', () => {
    expect(effectsOf(encodeTransfer(BOB, 5n))).toMatchObject([{ kind: 'transfer', to: BOB, amount: 5n }])
  })
})
