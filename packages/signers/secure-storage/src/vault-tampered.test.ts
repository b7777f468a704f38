import { memoryStore, parseJson, type Store } from '@coffer/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Envelope, readEnvelope, writeEnvelope } from './envelope.ts'
import { createVault, openVault, type Unlock, type Vault } from './index.ts'
import { CHEAP, MNEMONIC, memoryKey, OTHER, PASSWORD } from './vault.fixture.ts'

// Whatever was done to a vault: one error, the same as for a wrong password, and never another key.

const key = memoryKey()
let text = ''
let envelope: Envelope
let withRoom: Envelope
const hiddenPassword = 'another password'

beforeAll(async () => {
  const store = memoryStore()
  const vault = await createVault({
    store,
    password: PASSWORD,
    secrets: [{ kind: 'mnemonic', mnemonic: MNEMONIC, label: 'main' }],
    cost: CHEAP,
  })
  await vault.addSlot({ key })
  text = (await store.get('vault'))!
  envelope = readEnvelope(text)!

  const other = memoryStore()
  const two = await createVault({ store: other, password: PASSWORD, cost: CHEAP, hiddenRoom: 1024 })
  await two.addSlot({ key })
  await two.hide({ password: hiddenPassword, secrets: [{ kind: 'mnemonic', mnemonic: OTHER }] })
  withRoom = readEnvelope((await other.get('vault'))!)!
})

const storeOf = async (given: string): Promise<Store> => {
  const store = memoryStore()
  await store.set('vault', given)
  return store
}
const vaultOf = async (given: string): Promise<Vault> =>
  openVault({ store: await storeOf(given), cost: CHEAP })

/** All that a caller can see of a refusal. */
async function refusal(given: string, how: Unlock = { key }): Promise<object> {
  const vault = await vaultOf(given)
  const error = await vault.unlock(how).then(
    () => {
      throw new Error('it opened')
    },
    (reason: unknown) => reason,
  )
  expect(vault.state).toBe('locked')
  const { code, message, details, cause, retryable } = error as Record<string, unknown>
  return { code, message, details, cause, retryable }
}

const same = {
  code: 'UNLOCK_FAILED',
  message: 'The vault does not open: what was given is wrong, or the vault was changed or damaged.',
  details: {},
  cause: undefined,
  retryable: false,
}

it('opens as it is', async () => {
  await (await vaultOf(text)).unlock({ key })
  await (await vaultOf(text)).unlock({ password: PASSWORD })
  expect(await refusal(text, { password: 'a wrong password' })).toEqual(same)
})

describe('G6: a vault that was changed', () => {
  it('is refused for every byte that was flipped', async () => {
    const bytes = new TextEncoder().encode(text)
    let tried = 0
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at]! ^= 1 << (at % 8)
      const given = new TextDecoder().decode(changed)
      if (given === text) continue
      expect(await refusal(given), `byte ${at}`).toEqual(same)
      tried++
    }
    expect(tried).toBe(bytes.length)
  })

  it('is refused for every byte that was flipped by somebody who wrote the sum anew', {
    timeout: 120_000,
  }, async () => {
    let whole = 0
    // By this a device finds its secret: it is asked first, and may say itself that it has none of that kind or number.
    const start = text.indexOf('"device":{"data"')
    const isOfDevice = (at: number): boolean => at >= start && at < text.indexOf('},"id"', start)
    const codes = new Set<unknown>()
    for (let at = 0; at < text.length; at++) {
      for (const bit of [1, 2, 32]) {
        const letter = String.fromCharCode(text.charCodeAt(at) ^ bit)
        const given = resummed(text.slice(0, at) + letter + text.slice(at + 1))
        if (given === undefined || given === text) continue
        if (readEnvelope(given)) whole++
        const refused = await refusal(given)
        if (isOfDevice(at)) codes.add((refused as typeof same).code)
        else expect(refused, `byte ${at}, bit ${bit}`).toEqual(same)
      }
    }
    expect([...codes].sort()).toEqual(['STORE_INVALIDATED', 'UNLOCK_FAILED', 'UNSUPPORTED'])
    // Most of them pass as vaults until a key looks at them.
    expect(whole).toBeGreaterThan(1000)
  })

  it('is refused for 1,000 random truncations', async () => {
    for (let i = 0; i < 1000; i++) {
      const length = Math.floor((i * 7919) % text.length)
      expect(await refusal(text.slice(0, length)), `${length} of ${text.length}`).toEqual(same)
    }
  })

  it('is refused when it was padded, written otherwise, or is no vault', async () => {
    const value = parseJson(text) as Record<string, unknown>
    const others = [
      `${text} `,
      ` ${text}`,
      JSON.stringify(value, null, 1),
      JSON.stringify({ ...value, more: 1 }),
      text.replace('{', '{"__proto__":{},'),
      text.replace('"v":1', '"v":1,"v":1'),
      'null',
      '[]',
      '',
      '"a"',
    ]
    for (const other of others) expect(await refusal(other), other.slice(0, 40)).toEqual(same)
  })

  it('is refused when another version is written on it', async () => {
    for (const v of [0, 2, '1']) expect(await refusal(rewritten({ v: v as 1 }))).toEqual(same)
  })

  it('is refused when its password was made cheap to try, or too dear to try at all', async () => {
    const [slot, ...rest] = envelope.slots
    const kdf = (slot as { kdf: object }).kdf
    for (const change of [
      { memory: 8 },
      { memory: 19_455 },
      { passes: 1 },
      { memory: 4_194_304 },
      { passes: 1_000_000 },
      { lanes: 0 },
      { lanes: 255 },
      { passes: 2.5 },
      { name: 'scrypt' },
      { salt: '' },
    ]) {
      const slots = [{ ...slot!, kdf: { ...kdf, ...change } }, ...rest] as Envelope['slots']
      expect(await refusal(rewritten({ slots }), { password: PASSWORD }), JSON.stringify(change)).toEqual(
        same,
      )
    }
    // Within the bounds, but not what it was: the key is another one.
    const slots = [{ ...slot!, kdf: { ...kdf, passes: 3 } }, ...rest] as Envelope['slots']
    expect(await refusal(rewritten({ slots }), { password: PASSWORD })).toEqual(same)
  })

  it('is refused when slots were taken away, added, doubled or put in another order', async () => {
    const [first, second] = envelope.slots
    for (const slots of [[second!], [second!, first!], [...envelope.slots, second!], Array(17).fill(second)])
      expect(await refusal(rewritten({ slots }))).toEqual(same)
    expect(await refusal(rewritten({ slots: [] }), { password: PASSWORD })).toEqual(same)
  })

  it('is refused when parts of another vault with the same keys were put into it', async () => {
    const store = memoryStore()
    const other = await createVault({ store, password: PASSWORD, cost: CHEAP })
    await other.addSlot({ key })
    const foreign = readEnvelope((await store.get('vault'))!)!
    for (const change of [
      { box: foreign.box },
      { slots: foreign.slots },
      { id: foreign.id },
      { shown: foreign.shown! },
      { box: foreign.box, slots: foreign.slots },
    ])
      expect(await refusal(rewritten(change)), Object.keys(change).join()).toEqual(same)
  })

  it('is refused when what it shows was changed: whoever could do that would be paid', async () => {
    const { secrets, keys } = envelope.shown!
    const [info] = secrets
    const added = { secret: info!.id, path: 'm', publicKey: `02${'11'.repeat(32)}`, fingerprint: '00000000' }
    for (const shown of [
      { secrets, keys: [...keys, added] },
      { secrets: [{ ...info!, label: 'other' }], keys },
      { secrets: [], keys },
    ])
      expect(await refusal(rewritten({ shown }))).toEqual(same)
    const { shown: _, ...hiding } = envelope
    expect(await refusal(writeEnvelope(hiding))).toEqual(same)
  })

  it('is refused when its hidden part was changed, whoever wrote the sum anew', async () => {
    const opensHidden = { password: hiddenPassword }
    await (await vaultOf(writeEnvelope(withRoom))).unlock(opensHidden)
    const { hidden } = withRoom
    const flip = (text: string): string => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`)
    for (const change of [{ box: flip(hidden!.box) }, { wrapped: flip(hidden!.wrapped) }]) {
      const given = writeEnvelope({ ...withRoom, hidden: { ...hidden!, ...change } })
      expect(await refusal(given, opensHidden)).toEqual(same)
      // It is the business of its own password alone.
      await (await vaultOf(given)).unlock({ key })
    }
    const { hidden: _, ...without } = withRoom
    expect(await refusal(writeEnvelope(without))).toEqual(same)
  })

  it('is a vault all the same: nothing is made in its place, and the generation before it opens', async () => {
    const store = await storeOf(text)
    const vault = await openVault({ store, cost: CHEAP })
    await vault.unlock({ key })
    await vault.add({ kind: 'private-key', privateKey: new Uint8Array(32).fill(1) })
    await store.set('vault', text.slice(0, 500))
    await expect(createVault({ store, password: PASSWORD, cost: CHEAP })).rejects.toMatchObject({
      code: 'VAULT_EXISTS',
    })
    const damaged = await openVault({ store, cost: CHEAP })
    await expect(damaged.unlock({ key })).rejects.toMatchObject({ code: same.code, message: same.message })
    const before = await openVault({ store, cost: CHEAP, generation: 'previous' })
    await before.unlock({ key })
    expect(before.secrets).toHaveLength(1)
    // It is the current one again.
    await (await openVault({ store, cost: CHEAP })).unlock({ key })
  })
})

/** The vault with other words, as whoever knows the format writes it. */
function rewritten(changes: Partial<Envelope>): string {
  return writeEnvelope({ ...envelope, ...changes })
}

function resummed(given: string): string | undefined {
  try {
    const { sum: _, ...rest } = JSON.parse(given)
    return writeEnvelope(rest)
  } catch {
    return undefined
  }
}
