import { readFileSync } from 'node:fs'
import { hdFromSeed, hdToXprv, nobleEngine } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineSlip39, splitSlip39 } from './slip39.ts'

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const vectors = JSON.parse(
  readFileSync(new URL('./slip39-vectors.fixture.json', import.meta.url), 'utf8'),
) as { title: string; shares: string[]; secret: string; xprv: string }[]

describe('the public vectors of SLIP-39', () => {
  it('are 45', () => expect(vectors).toHaveLength(45))

  it.each(vectors)('$title', async ({ shares, secret, xprv }) => {
    const combining = combineSlip39(shares, { passphrase: 'TREZOR' })
    if (secret === '') {
      const error = await combining.catch((error: unknown) => error)
      expect(error).toMatchObject({ code: 'INVALID_BACKUP' })
      for (const word of shares.flatMap((share) => share.split(' ').slice(4)))
        expect((error as Error).message.split(/[ ,.:]/)).not.toContain(word)
    } else {
      const found = await combining
      expect(toHex(found)).toBe(secret)
      expect(hdToXprv(hdFromSeed(found, nobleEngine))).toBe(xprv)
    }
  })
})

describe('shares', () => {
  const quick = { iterationExponent: 0 }

  it('give any secret back from any that are enough, and nothing from fewer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 8, maxLength: 32 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(3),
        fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)) }),
        async (half, threshold, more, passphrase) => {
          const secret = Uint8Array.of(...half, ...half.slice().reverse())
          const count = threshold === 1 ? 1 : threshold + more
          const [shares = []] = await splitSlip39(secret, {
            ...quick,
            passphrase,
            groups: [{ threshold, count }],
          })
          expect(shares).toHaveLength(count)
          const some = [...shares].sort().slice(0, threshold)
          expect(await combineSlip39(some, { passphrase })).toEqual(secret)
          if (threshold > 1)
            await expect(combineSlip39(some.slice(1), { passphrase })).rejects.toMatchObject({
              code: 'INVALID_BACKUP',
              details: { shares: threshold - 1, needed: threshold },
            })
        },
      ),
      { numRuns: 25 },
    )
  }, 60_000)

  it('are written for older wallets as well, and are bound to their set', async () => {
    const secret = new Uint8Array(16).fill(3)
    const options = { ...quick, extendable: false, passphrase: 'a', groups: [{ threshold: 2, count: 3 }] }
    const [shares = []] = await splitSlip39(secret, options)
    expect(await combineSlip39(shares.slice(1), { passphrase: 'a' })).toEqual(secret)
    const [others = []] = await splitSlip39(secret, { ...options, extendable: true })
    await expect(combineSlip39([shares[0]!, others[1]!], { passphrase: 'a' })).rejects.toMatchObject({
      code: 'INVALID_BACKUP',
      details: { share: 2 },
    })
  })

  it('come in groups, of which some are enough', async () => {
    const secret = new Uint8Array(64).fill(5)
    const groups = [
      { threshold: 1, count: 1 },
      { threshold: 2, count: 3 },
      { threshold: 3, count: 5 },
    ]
    const [mine = [], friends = [], family = []] = await splitSlip39(secret, {
      ...quick,
      groups,
      groupThreshold: 2,
    })
    expect(await combineSlip39([...mine, ...friends.slice(1)])).toEqual(secret)
    expect(await combineSlip39([...family.slice(2), ...friends.slice(0, 2)])).toEqual(secret)
    await expect(combineSlip39(mine)).rejects.toMatchObject({ details: { groups: 1, needed: 2 } })
    await expect(combineSlip39([...mine, ...friends])).rejects.toMatchObject({ code: 'INVALID_BACKUP' })
    await expect(combineSlip39([...friends.slice(0, 1), ...friends.slice(0, 1), ...mine])).rejects.toThrow(
      /twice/,
    )
  })

  it('notice every word that is wrong, by its number', async () => {
    const [[share = ''] = []] = await splitSlip39(new Uint8Array(16).fill(1), {
      ...quick,
      groups: [{ threshold: 1, count: 1 }],
    })
    const words = share.split(' ')
    for (let i = 0; i < words.length; i++) {
      const other = replaced(words, i, words[i] === 'academic' ? 'acid' : 'academic')
      await expect(combineSlip39([other])).rejects.toMatchObject({
        code: 'INVALID_BACKUP',
        details: { share: 1 },
      })
      await expect(combineSlip39([replaced(words, i, 'notaword')])).rejects.toMatchObject({
        details: { words: [i + 1] },
      })
    }
    expect(await combineSlip39([` ${share.toUpperCase().replaceAll(' ', '\n')} `])).toEqual(
      new Uint8Array(16).fill(1),
    )
  })

  it('refuse what cannot be shared', async () => {
    const secret = new Uint8Array(16)
    for (const [given, groups] of [
      [new Uint8Array(15), [{ threshold: 1, count: 1 }]],
      [new Uint8Array(17), [{ threshold: 1, count: 1 }]],
      [secret, []],
      [secret, [{ threshold: 1, count: 2 }]],
      [secret, [{ threshold: 3, count: 2 }]],
      [secret, [{ threshold: 2, count: 17 }]],
    ] as const)
      await expect(splitSlip39(given, { groups })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(
      splitSlip39(secret, { groups: [{ threshold: 1, count: 1 }], passphrase: 'ключ' }),
    ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(combineSlip39([])).rejects.toMatchObject({ code: 'INVALID_BACKUP' })
  })
})

function replaced(words: readonly string[], at: number, other: string): string {
  return words.map((word, i) => (i === at ? other : word)).join(' ')
}
