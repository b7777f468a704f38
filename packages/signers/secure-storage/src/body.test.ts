import { memoryStore, type Secret } from '@coffer/core'
import { describe, expect, it, vi } from 'vitest'
import { readBody, type StoredSecret, writeBody } from './body.ts'
import { fromBase64 } from './bytes.ts'
import { emptyRoom } from './contents.ts'
import { createVault } from './index.ts'
import { newKdf } from './kdf.ts'
import { CHEAP, MNEMONIC, PASSWORD } from './vault.fixture.ts'

vi.mock('./argon2.ts', () => import('./quick-argon2.fixture.ts'))

describe('the body of a vault', () => {
  const secretOf = (label: string, parts: StoredSecret['parts']): StoredSecret => ({
    id: '0011223344556677',
    kind: 'mnemonic',
    label,
    addedAt: '2026-01-01T00:00:00.000Z',
    fingerprint: '00112233',
    facts: { language: 'english' },
    parts,
  })
  const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill)
  const headOf = (body: Uint8Array): number => new DataView(body.buffer, body.byteOffset).getUint32(0)
  /** One secret that takes so many bytes in all. */
  function filling(length: number): StoredSecret[] {
    const part = { key: bytes(32, 7) }
    const bare = 4 + headOf(writeBody([secretOf('', part)])) + 32
    return [secretOf('x'.repeat(length - bare), part)]
  }

  it.each([
    [0, 1024],
    [1023, 1024],
    [1024, 1024],
    [1025, 2048],
    [2048, 2048],
    [2049, 3072],
  ])('of %i bytes takes %i', (length, taken) => {
    const secrets = length === 0 ? [] : filling(length)
    const body = writeBody(secrets)
    expect(body).toHaveLength(taken)
    expect(readBody(body)).toEqual(secrets)
  })

  it('grows the box of a vault in the same steps', async () => {
    const store = memoryStore()
    const words: Secret = { kind: 'mnemonic', mnemonic: MNEMONIC }
    const vault = await createVault({ store, password: PASSWORD, secrets: [words], cost: CHEAP })
    const sizes: number[] = []
    for (let i = 1; i < 8; i++) {
      await vault.add({ kind: 'private-key', privateKey: bytes(32, i), label: 'x'.repeat(200) })
      sizes.push(fromBase64(JSON.parse((await store.get('vault'))!).box).length - 28)
    }
    expect(sizes.map((size) => size % 1024)).toEqual(sizes.map(() => 0))
    expect(new Set(sizes).size).toBeGreaterThan(1)
  })

  it('fills its room to the last byte, and not beyond', () => {
    const secrets = filling(1100)
    const body = writeBody(secrets, 1100)
    expect(body).toHaveLength(1100)
    expect(readBody(body)).toEqual(secrets)
    expect(() => writeBody(secrets, 1099)).toThrow(
      expect.objectContaining({ code: 'VAULT_FULL', details: { capacity: 1099 } }),
    )
    expect(writeBody(secrets, 5000)).toHaveLength(5000)
  })

  it('has its bytes in the order of their names, whatever order they came in', () => {
    const [seed, words, passphrase, empty] = [bytes(64, 1), bytes(5, 2), bytes(3, 3), bytes(0, 0)]
    const secrets = [
      secretOf('one', { words, seed, empty, passphrase }),
      secretOf('two', { seed, passphrase }),
    ]
    const body = writeBody(secrets)
    const at = 4 + headOf(body)
    const laid = [passphrase, seed, words, passphrase, seed].flatMap((part) => [...part])
    expect([...body.subarray(at, at + laid.length)]).toEqual(laid)
    expect(body.subarray(at + laid.length).every((byte) => byte === 0)).toBe(true)
    expect(readBody(body)).toEqual(secrets)
  })
})

describe('room for a hidden vault', () => {
  it.each([1024, 2020, 3000])('of %i bytes is random in every place', (capacity) => {
    const rooms = Array.from({ length: 16 }, () => emptyRoom(newKdf(CHEAP), capacity))
    for (const [part, length] of [
      ['box', capacity + 28],
      ['wrapped', 92],
    ] as const) {
      const drawn = rooms.map((room) => fromBase64(room[part]))
      expect(drawn.map((bytes) => bytes.length)).toEqual(drawn.map(() => length))
      // Once in 2^112 is a place of a good one empty in all of them.
      const empty = Array.from({ length }, (_, at) => at).filter((at) =>
        drawn.every((bytes) => bytes[at] === 0),
      )
      expect(empty).toEqual([])
    }
  })
})
