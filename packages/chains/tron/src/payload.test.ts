import { beforeEach, describe, expect, it } from 'vitest'
import { makeDraft } from './draft.ts'
import { BOB, EVE, OWN } from './fake-source.fixture.ts'
import { forget } from './hostile.fixture.ts'
import { tronDevnetNetwork, tronNetwork } from './networks.ts'
import { readPayload } from './payload.ts'

beforeEach(forget)

const START = 1_764_000_000_000n
const DAY = 86_400_000n
const draftOf = (timestamp = START, life = 600_000n) =>
  makeDraft(
    tronNetwork,
    `tron:0x2b6653dc:${OWN}`,
    { kind: 'pay', asset: tronNetwork.coin.id, to: BOB, amount: 1n },
    {
      refBlockBytes: '1a2b',
      refBlockHash: '00112233aabbccdd',
      timestamp,
      expiration: timestamp + life,
      feeLimit: 0n,
    },
  )
const refused = (sentence: string): unknown =>
  expect.objectContaining({ code: 'INVALID_DRAFT', message: expect.stringContaining(sentence) })

describe('a payload', () => {
  it('is a transaction of this account on this network', () => {
    const draft = draftOf()
    expect(readPayload(draft, tronNetwork)).toMatchObject({
      account: OWN,
      tx: { timestamp: START, contract: { ownerAddress: OWN, toAddress: BOB, amount: 1n } },
    })
    expect(() => readPayload(draft, tronDevnetNetwork)).toThrow(refused('another chain'))
    expect(() => readPayload({ ...draft, chain: 'tron:0xc0ffe001' }, tronNetwork)).toThrow(
      refused('another chain'),
    )
    expect(() => readPayload({ ...draft, account: `tron:0x2b6653dc:${EVE}` }, tronNetwork)).toThrow(
      refused(`another account than ${EVE}`),
    )
  })

  it('is written in lower-case hex, with 0x before it', () => {
    const draft = draftOf()
    const hex = draft.payload.slice(2)
    for (const payload of [
      hex,
      `0x${hex.toUpperCase()}`,
      `0X${hex}`,
      `0x${hex}0`,
      `0x${hex}zz`,
      `0x${hex}\n`,
      `zz0x${hex}`,
      `0x0x${hex}`,
      '0x',
      '',
    ])
      expect(() => readPayload({ ...draft, payload } as typeof draft, tronNetwork), payload).toThrow(
        refused('lower-case hexadecimal'),
      )
  })

  it('T5: lives for at most a day, and does not end before it begins', () => {
    expect(readPayload(draftOf(START, DAY), tronNetwork).tx.expiration).toBe(START + DAY)
    expect(readPayload(draftOf(START, 1n), tronNetwork).tx.expiration).toBe(START + 1n)
    for (const life of [DAY + 1n, 0n, -1n])
      expect(() => draftOf(START, life), String(life)).toThrow(refused('more than a day'))
  })

  it('is kept as it was read while few others are, and no longer', () => {
    const draft = draftOf()
    let next = START
    /** How many others are read until this one is read anew. */
    const others = (): number => {
      const known = readPayload(draft, tronNetwork)
      for (let count = 1; count < 50; count++) {
        draftOf(++next)
        if (readPayload(draft, tronNetwork) !== known) return count
      }
      return 50
    }
    // What was read before is not known: the first round ends with the other one and this one alone.
    others()
    expect(others()).toBe(15)
    expect(others()).toBe(15)
  })
})
