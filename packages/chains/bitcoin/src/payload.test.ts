import { bytesToHex } from '@noble/hashes/utils.js'
import { Psbt as PeerPsbt } from 'bitcoinjs-lib'
import { describe, expect, it, vi } from 'vitest'
import { scriptAt } from './derive.ts'
import { readDescriptor } from './descriptor.ts'
import { regtestNetwork } from './networks.ts'
import { feeOf, type Plan, readPayload, unsignedTx, writePayload } from './payload.ts'
import { accountOf, coinOf, expectThrow, groupOf, network, pays, planOf, reread } from './plan.fixture.ts'
import { decodePsbt, type Psbt, type PsbtInput, type PsbtOutput } from './psbt.ts'
import { decodeTx, encodeTx, txidOf } from './transaction.ts'

const { descriptor } = accountOf()
const taproot = accountOf('p2tr').descriptor
const group = groupOf(2, ['a', 'b', 'c']).descriptor
const MOST = 21_000_000n * 100_000_000n
const PAIR = { key: Uint8Array.of(0xf0), value: Uint8Array.of(1) }

const refused = (says: string, step: (psbt: Psbt) => Psbt, of = descriptor, plan?: Plan): Promise<void> =>
  expectThrow(() => reread(of, step, plan), 'INVALID_DRAFT', says)

/** A change of the second input, or output, alone. */
const input =
  (change: Partial<PsbtInput>) =>
  (psbt: Psbt): Psbt => ({
    ...psbt,
    inputs: psbt.inputs.map((one, i) => (i === 1 ? { ...one, ...change } : one)),
  })
const output =
  (change: Partial<PsbtOutput>) =>
  (psbt: Psbt): Psbt => ({
    ...psbt,
    outputs: psbt.outputs.map((one, i) => (i === 1 ? { ...one, ...change } : one)),
  })
const bare =
  (step: (input: PsbtInput) => PsbtInput) =>
  (psbt: Psbt): Psbt => ({ ...psbt, inputs: psbt.inputs.map(step) })

describe.each([
  ...['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'].map((type) => accountOf(type).descriptor),
  group,
  groupOf(1, ['a', 'b'], 'p2sh-p2wsh-sortedmulti').descriptor,
])('a plan of $type', (of) => {
  it('is read as it was written, and written as others do', () => {
    const plan = planOf(of)
    expect(reread(of)).toEqual(plan)
    const text = writePayload(plan)
    const psbt = decodePsbt(text)
    expect(psbt.version).toBe(0)
    expect(psbt.inputs.map(({ witnessUtxo }) => witnessUtxo !== undefined)).toEqual(
      plan.inputs.map(() => of.type !== 'p2pkh'),
    )
    const peer = PeerPsbt.fromBase64(text)
    expect(peer.toBase64()).toBe(text)
    expect(bytesToHex(peer.data.globalMap.unsignedTx.toBuffer())).toBe(bytesToHex(encodeTx(unsignedTx(plan))))
    expect(unsignedTx(plan).inputs[0]).toMatchObject({ scriptSig: new Uint8Array(), witness: [] })
    expect(feeOf(plan)).toBe(1_500n)
  })

  it('names the scripts and keys of own coins and outputs, in their order, and of no others', () => {
    const { inputs, outputs } = decodePsbt(writePayload(planOf(of)))
    const { keys, redeemScript, witnessScript, internalKey } = planOf(of).inputs[0]!.script
    expect(inputs[0]).toMatchObject({
      ...(redeemScript ? { redeemScript } : {}),
      ...(witnessScript ? { witnessScript } : {}),
      ...(internalKey ? { tapInternalKey: internalKey } : {}),
    })
    const named = of.type === 'p2tr' ? inputs[0]!.tapDerivations : inputs[0]!.derivations
    const hexes = named.map(({ publicKey }) => bytesToHex(publicKey))
    expect(hexes).toEqual([...hexes].sort())
    expect(hexes).toHaveLength(keys.length)
    const own = of.type === 'p2tr' ? outputs[1]!.tapDerivations : outputs[1]!.derivations
    expect(own).toHaveLength(keys.length)
    expect([...outputs[0]!.derivations, ...outputs[0]!.tapDerivations]).toEqual([])
  })
})

describe('the previous transaction (B1)', () => {
  const without = bare(({ previous: _, ...rest }) => rest)
  const nothing = bare(({ previous: _, witnessUtxo: __, ...rest }) => rest)

  it('is needed, but for taproot, which still needs to know what it spends', async () => {
    await refused('its amount is not proven', without)
    await refused('does not say what it spends', nothing)
    await refused('does not say what it spends', nothing, taproot)
    const plan = reread(taproot, without)
    expect(plan.inputs.map(({ previous }) => previous)).toEqual([undefined, undefined])
    expect(plan.inputs.map(({ amount }) => amount)).toEqual([100_000n, 100_000n])
    expect('previous' in plan.inputs[0]!).toBe(false)
  })

  it('is the one that is named, has that output, and says the same', async () => {
    const [first, second] = planOf(descriptor).inputs as [Plan['inputs'][0], Plan['inputs'][0]]
    await refused('is not the one that it spends from', input({ previous: first.previous! }))
    await refused('does not exist', input({ vout: 3 }))
    await refused('contradicts', input({ witnessUtxo: { amount: 99_999n, script: second.script.script } }))
    await refused('contradicts', input({ witnessUtxo: { amount: 100_000n, script: first.script.script } }))
    const silent = bare(({ witnessUtxo: _, ...rest }) => rest)
    expect(reread(descriptor, silent)).toEqual(planOf(descriptor))
  })

  it('of two coins is told with each of them', async () => {
    const [first, second] = planOf(descriptor).inputs as [Plan['inputs'][0], Plan['inputs'][0]]
    const outputs = [first, second].map(({ amount, script }) => ({ amount, script: script.script }))
    const tx = { ...decodeTx(first.previous!), outputs }
    const both = encodeTx(tx)
    const coins = [0, 1].map((vout) => ({
      ...coinOf((vout ? second : first).script, 100_000n, 0),
      previous: both,
      txid: txidOf(tx),
      vout,
    }))
    const plan = planOf(descriptor, { inputs: coins })
    expect(reread(descriptor, undefined, plan)).toEqual(plan)
    await refused('is not the one', input({ previous: second.previous! }), descriptor, plan)
  })
})

describe('what an input asks for', () => {
  it.each<[string, Partial<PsbtInput>]>([
    ['unknown fields', { other: [PAIR] }],
    ['a final scriptSig', { finalScriptSig: Uint8Array.of(0x51) }],
    ['a final witness', { finalWitness: [Uint8Array.of(1)] }],
    ['a taproot signature', { tapKeySignature: new Uint8Array(64) }],
    ['a tree of scripts', { tapMerkleRoot: new Uint8Array(32) }],
    ['a lowest height', { requiredHeight: 700_000 }],
    ['a lowest time', { requiredTime: 1_600_000_000 }],
    [
      'a signature',
      {
        partialSignatures: [
          {
            publicKey: accountOf().descriptor.keys[0]!.publicKey,
            signature: Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1, 1),
          },
        ],
      },
    ],
  ])('%s is nothing that a draft has (B5)', (_, change) => {
    const locktime = change.requiredTime ?? change.requiredHeight ?? 800_000
    const version = change.requiredTime || change.requiredHeight ? 2 : 0
    const step = (psbt: Psbt): Psbt => ({ ...input(change)(psbt), version, locktime })
    // A time lock is refused for what it does to the locktime already.
    return refused(change.requiredTime ? 'until a time' : 'Input 1 has fields', step)
  })

  it('is a signature of all, with or without its byte (B2)', async () => {
    for (const sighashType of [0, 1])
      expect(reread(descriptor, input({ sighashType }))).toEqual(planOf(descriptor))
    for (const sighashType of [2, 3, 0x81]) await refused('another type', input({ sighashType }))
  })

  it('is one of three sequence numbers', async () => {
    for (const sequence of [0xfffffffd, 0xfffffffe, 0xffffffff])
      expect(reread(descriptor, input({ sequence })).inputs[1]!.sequence).toBe(sequence)
    for (const sequence of [0, 1, 0xfffffffc, 0x80000000]) await refused('unusual', input({ sequence }))
  })

  it('is a coin of the account, however far off, and not the same one twice', async () => {
    const far = planOf(descriptor, { inputs: [coinOf(scriptAt(descriptor, 0, 1_000_000))] })
    const outputs = [pays(40_000n)]
    expect(reread(descriptor, undefined, { ...far, outputs }).inputs).toEqual(far.inputs)
    const foreign = coinOf(scriptAt(accountOf('p2wpkh', 'other').descriptor, 0, 5))
    await refused('not a coin of this account', (psbt) => psbt, descriptor, {
      ...far,
      inputs: [foreign],
      outputs,
    })
    await refused('not a coin of this account', input({ derivations: [] }))
    await refused('the same coin', (psbt) => ({ ...psbt, inputs: [...psbt.inputs, psbt.inputs[0]!] }))
  })
})

describe('what the whole asks for', () => {
  it.each<[string, string, (psbt: Psbt) => Psbt]>([
    ['version 1', 'of version 2', (psbt) => ({ ...psbt, txVersion: 1 })],
    ['version 3', 'of version 2', (psbt) => ({ ...psbt, txVersion: 3 })],
    ['unknown fields', 'has fields', (psbt) => ({ ...psbt, other: [PAIR] })],
    ['leave to change it', 'has fields', (psbt) => ({ ...psbt, version: 2, modifiable: 0 })],
    ['a time', 'until a time', (psbt) => ({ ...psbt, locktime: 500_000_000 })],
    ['no inputs', 'spends or pays nothing', (psbt) => ({ ...psbt, inputs: [] })],
    ['no outputs', 'spends or pays nothing', (psbt) => ({ ...psbt, outputs: [] })],
    ['an unknown field of an output', 'Output 1 has fields', output({ other: [PAIR] })],
    ['a tree', 'Output 1 has fields', output({ tapTree: Uint8Array.of(0, 0xc0, 1, 0x51) })],
    ['more than all coins', 'not one that Bitcoin has', output({ amount: MOST + 1n })],
    ['more than it spends', 'exceed', output({ amount: 160_001n })],
  ])('%s is refused', (_, says, step) => refused(says, step))

  it('extended keys are refused', () => {
    const peer = PeerPsbt.fromBase64(writePayload(planOf(descriptor)))
    const { hd, origin } = descriptor.keys[0]!
    const depth = origin!.path.split('/').length - 1
    const xpub = new Uint8Array(78)
    const view = new DataView(xpub.buffer)
    view.setUint32(0, 0x043587cf)
    view.setUint8(4, depth)
    view.setUint32(9, 0x80000000)
    xpub.set(hd!.chainCode, 13)
    xpub.set(hd!.publicKey, 45)
    const masterFingerprint = Buffer.from(origin!.fingerprint, 'hex')
    peer.updateGlobal({ globalXpub: [{ extendedPubkey: xpub, masterFingerprint, path: "m/84'/1'/0'" }] })
    const fields = { payload: peer.toBase64(), account: descriptor.text }
    return expectThrow(() => readPayload(fields, network()), 'INVALID_DRAFT', 'has fields')
  })

  it('the last block height, all coins there are, and no fee are sound', () => {
    const inputs = [coinOf(scriptAt(descriptor, 0, 5), MOST)]
    const plan: Plan = { locktime: 499_999_999, inputs, outputs: [pays(MOST)] }
    expect(reread(descriptor, undefined, plan)).toEqual(plan)
    expect(feeOf(plan)).toBe(0n)
    const more = { ...plan, inputs: [coinOf(scriptAt(descriptor, 0, 5), MOST + 1n)] }
    return refused('not one that Bitcoin has', (psbt) => psbt, descriptor, more)
  })
})

describe('what comes back (B3)', () => {
  const ownOf = (of: typeof descriptor, index: number) => {
    const back = scriptAt(of, 1, index)
    const outputs = [pays(40_000n), { amount: 1_000n, script: back.script, own: back }]
    return reread(of, undefined, planOf(of, { outputs })).outputs[1]!.own
  }

  it('lies inside the range of the network', () => {
    expect(ownOf(descriptor, regtestNetwork.range)).toBeDefined()
    expect(ownOf(descriptor, regtestNetwork.range + 1)).toBeUndefined()
    expect('own' in reread(descriptor).outputs[0]!).toBe(false)
  })

  it.each([
    ['<0;1>', true],
    ['<0;2>', false],
    ['<2;1>', false],
    ['4/<0;1>', true],
    ['4/<2;1>', false],
  ])('under the steps %s is found again: %s', (steps, isFound) => {
    const text = descriptor.text.replace(/#.*$/, '').replace('<0;1>', steps)
    const of = readDescriptor(text, regtestNetwork)
    expect(ownOf(of, 3) !== undefined).toBe(isFound)
    // Where a coin lay, another one is found.
    const { script } = planOf(of).inputs[0]!
    const outputs = [{ amount: 1_000n, script: script.script, own: script }]
    expect(reread(of, undefined, planOf(of, { outputs })).outputs[0]!.own).toEqual(script)
  })

  it('needs usual steps of all keys', () => {
    const text = group.text.replace(/#.*$/, '').replace('<0;1>', '<0;9>')
    expect(ownOf(readDescriptor(text, regtestNetwork), 3)).toBeUndefined()
    expect(ownOf(group, 3)).toBeDefined()
  })
})

describe('one draft that is read again', () => {
  const fields = { payload: writePayload(planOf(descriptor)), account: descriptor.text }

  it('is what it was, and nothing else is', async () => {
    const one = network()
    const plan = readPayload(fields, one)
    expect(readPayload({ ...fields }, one)).toBe(plan)
    const other = writePayload(planOf(descriptor, { locktime: 7 }))
    expect(readPayload({ ...fields, payload: other }, one).locktime).toBe(7)
    expect(readPayload(fields, one)).toEqual(plan)
    const account = accountOf('p2wpkh', 'other').descriptor.text
    await expectThrow(() => readPayload({ ...fields, account }, one), 'INVALID_DRAFT', 'not a coin')
    const narrow = { ...one, range: 2 }
    expect(readPayload(fields, narrow).outputs[1]!.own).toBeUndefined()
    expect(readPayload(fields, one).outputs[1]!.own).toBeDefined()
  })

  it('may be the first of all', async () => {
    vi.resetModules()
    const fresh = await import('./payload.ts')
    expect(fresh.readPayload(fields, network())).toEqual(planOf(descriptor))
  })
})
