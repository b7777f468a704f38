import { createOfflineWallet, createWallet, createBulk, memoryStore, isCofferError, CofferError, describeEffects, formatPath } from '@coffer/core'
import { softwareSigner, privateKeySigner } from '@coffer/signer-software'
import { describe, expect, it } from 'vitest'
import { openAccount } from './account.ts'
import { bitcoin, regtest } from './bitcoin.ts'
import { bitcoinRules } from './rules.ts'
import { deriveScripts, scriptAt } from './derive.ts'
import { readDescriptor, parseDescriptor } from './descriptor.ts'
import { fakeChain } from './fake-source.fixture.ts'
import { bitcoinNetwork, regtestNetwork } from './networks.ts'
import { readPayload, writePayload } from './payload.ts'
import { formatAddress } from './address.ts'
import { encodeTx, txidOf, type Tx } from './transaction.ts'
import { keysOf } from './keys.fixture.ts'
import { sign, readSigned } from './sign.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const chain = regtest()
const wallet = createOfflineWallet({ chains: [chain, bitcoin()], signer: softwareSigner({ mnemonic }) })
const code = async (f: () => unknown) => { try { await f(); return 'ok' } catch (e) { if (isCofferError(e)) return e.code + ': ' + e.message; throw e } }
const payTx = (outs: any[]): Tx => ({ version: 2, locktime: 0, inputs: [{ txid: '11'.repeat(32), vout: Math.floor(Math.random()*1e6), sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }], outputs: outs })
const coin = (script: any, amount: bigint) => { const tx = payTx([{ script: script.script, amount }]); return { txid: txidOf(tx), vout: 0, sequence: 0xfffffffd, amount, script, previous: encodeTx(tx, { witness: false }) } }
const json = (account: string, intent: any, payload: string, network = regtestNetwork) => JSON.stringify({ kind: 'draft', version: 1, chain: network.id, account, intent, payload, hints: {} })

it('R1 keychain step of the draft account', async () => {
  const account = await wallet.describe('regtest')
  const evil = account.replace('<0;1>', '<0;1987654321>').replace(/#.*/, '')
  const d = parseDescriptor(evil, regtestNetwork)
  const victim = readDescriptor(account, regtestNetwork)
  const input = coin(scriptAt(victim, 0, 0), 1_000_000_000n)
  expect(Buffer.from(scriptAt(d, 0, 0).script).equals(Buffer.from(input.script.script))).toBe(true)
  const own = scriptAt(d, 1, 7)
  const { script: to } = (await import('./address.ts')).parseAddress(STRANGER, regtestNetwork)
  const payload = writePayload({ locktime: 0, inputs: [{ ...input, script: scriptAt(d, 0, 0) }], outputs: [{ script: to, amount: 1000n }, { script: own.script, amount: 999_990_000n, own }] })
  const draft = wallet.draft(json(d.text, { kind: 'pay', asset: regtestNetwork.coin.id, to: STRANGER, amount: '1000' }, payload))
  console.log('R1', describeEffects(draft.effects, [regtestNetwork.coin]))
  const w2 = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }), policy: { recipients: [`${regtestNetwork.id}:${STRANGER}`] as any, limits: [{ asset: regtestNetwork.coin.id, amount: 5000n, seconds: 86400 }] } })
  const s = await w2.sign(draft)
  console.log('R1 signed', s.txid, 'real key path', formatPath(own.keys[0]!.path))
})

it('R2 far index by a dust input', async () => {
  const account = await wallet.describe('regtest')
  const d = readDescriptor(account, regtestNetwork)
  const dust = coin(scriptAt(d, 0, 2_147_480_000), 546n)
  const input = coin(scriptAt(d, 0, 0), 1_000_000_000n)
  const own = scriptAt(d, 1, 2_147_480_777)
  const { script: to } = (await import('./address.ts')).parseAddress(STRANGER, regtestNetwork)
  const payload = writePayload({ locktime: 0, inputs: [input, dust], outputs: [{ script: to, amount: 1000n }, { script: own.script, amount: 999_990_000n, own }] })
  const draft = wallet.draft(json(d.text, { kind: 'pay', asset: regtestNetwork.coin.id, to: STRANGER, amount: '1000' }, payload))
  console.log('R2', describeEffects(draft.effects, [regtestNetwork.coin]))
  console.log('R2', (await wallet.sign(draft)).txid)
})

it('R3 double pay through a source that says no', async () => {
  const fake = fakeChain()
  const source = { ...fake.source, broadcast: async (raw: string) => { fake.broadcasts.push(raw); throw new CofferError({ code: 'BROADCAST_REJECTED', message: 'no', details: { reason: 'min relay fee not met' } }) } }
  const store = memoryStore()
  const w = createWallet({ chains: [chain], source: { for: () => source } as any, signer: softwareSigner({ mnemonic }), store })
  const account = await w.account('regtest')
  const d = readDescriptor(account.descriptor, regtestNetwork)
  for (const script of deriveScripts(d, 0, 0, 2)) fake.pay([{ script: script.script, amount: 1_000_000n }], 900)
  const one = await w.sign(await account.create({ to: STRANGER, amount: 500_000n }))
  console.log('R3 publish', await code(() => w.publish(one)))
  console.log('R3 remembered payments', (await w.payments()).length)
  console.log('R3 replace', await code(() => account.replace(one, { action: 'speed-up' })))
  const again = await account.create({ to: STRANGER, amount: 500_000n })
  const two = await w.sign(again)
  const a = readSigned(one, regtestNetwork).tx.inputs.map(i => i.txid), b = readSigned(two, regtestNetwork).tx.inputs.map(i => i.txid)
  console.log('R3 shared inputs', a.filter(x => b.includes(x)).length, 'both valid', one.txid !== two.txid)
})

it('R4 replaces', async () => {
  const fake = fakeChain()
  const store = memoryStore()
  const w = createWallet({ chains: [chain], source: { for: () => fake.source } as any, signer: softwareSigner({ mnemonic }), store })
  const account = await w.account('regtest')
  const d = readDescriptor(account.descriptor, regtestNetwork)
  for (const script of deriveScripts(d, 0, 0, 1)) fake.pay([{ script: script.script, amount: 1_000_000n }], 900)
  const draft = await account.create({ to: STRANGER, amount: 500_000n })
  await w.sign(draft)
  const plan = readPayload(draft, regtestNetwork)
  const outputs = plan.outputs.map(o => o.own ? { ...o, amount: o.amount - 5n } : o)
  const intent = { kind: 'pay', asset: regtestNetwork.coin.id, to: STRANGER, amount: '500000' }
  console.log('R4 without', await code(async () => w.sign(w.draft(json(draft.account, intent, writePayload({ ...plan, outputs }))))))
  console.log('R4 with bogus replaces', await code(async () => w.sign(w.draft(json(draft.account, { ...intent, replaces: 'ab'.repeat(32) }, writePayload({ ...plan, outputs }))))))
  const fresh = coin(scriptAt(d, 0, 9), 5_000_000n)
  const own = scriptAt(d, 1, 0)
  const c = w.draft(json(draft.account, { kind: 'cancel', replaces: 'ab'.repeat(32) }, writePayload({ locktime: 0, inputs: [fresh], outputs: [{ script: own.script, amount: 4_999_000n, own }] })))
  console.log('R4 cancel of nothing', describeEffects(c.effects, [regtestNetwork.coin]), await code(() => w.sign(c)))
})

it('R5 undo race', async () => {
  const account = await wallet.describe('regtest')
  const d = readDescriptor(account, regtestNetwork)
  const policy = { limits: [{ asset: regtestNetwork.coin.id, amount: 600_000n, seconds: 86400 }] }
  const store = memoryStore()
  const w = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }), policy, store })
  await w.describe('regtest')
  const mk = (i: number) => { const { script: to } = { script: scriptAt(readDescriptor(account, regtestNetwork), 0, 5).script } as any
    const st = new Uint8Array([0,20,...Buffer.from('751e76e8199196d454941c45d1b3a323f1433bd6','hex')])
    return w.draft(json(account, { kind: 'pay', asset: regtestNetwork.coin.id, to: STRANGER, amount: '500000' }, writePayload({ locktime: 0, inputs: [coin(scriptAt(d, 0, i), 501_000n)], outputs: [{ script: st, amount: 500_000n }] }))) }
  const results: string[] = []
  for (let i = 0; i < 4; i++) {
    const draft = mk(i)
    const stop = new AbortController()
    const first = w.sign(draft, { signal: stop.signal })
    const second = w.sign(draft)
    // abort the first once the second was counted
    setTimeout(() => stop.abort(), 0); stop.abort()
    const r = await Promise.allSettled([first, second])
    results.push(r.map(x => x.status).join('/'))
  }
  console.log('R5', results, await store.get(`policy/spent/${regtestNetwork.coin.id}`))
  console.log('R5 control', await code(() => w.sign(mk(20))), await code(() => w.sign(mk(21))))
})

it('R9 single key across networks', async () => {
  const key = privateKeySigner({ privateKey: '11'.repeat(32) })
  const w = createOfflineWallet({ chains: [chain, bitcoin()], signer: key, policy: { limits: [{ asset: bitcoinNetwork.coin.id, amount: 0n, seconds: 86400 }] } })
  const test = await w.describe('regtest'), main = await w.describe('bitcoin')
  console.log('R9', test, main)
  const d = readDescriptor(test, regtestNetwork)
  const input = coin(scriptAt(d, 0, 0), 100_000_000n)
  const st = new Uint8Array([0,20,...Buffer.from('751e76e8199196d454941c45d1b3a323f1433bd6','hex')])
  const draft = w.draft(json(test, { kind: 'pay', asset: regtestNetwork.coin.id, to: STRANGER, amount: '99999000' }, writePayload({ locktime: 0, inputs: [input], outputs: [{ script: st, amount: 99_999_000n }] })))
  const s = await w.sign(draft)
  console.log('R9 spends the mainnet address', formatAddress(input.script.script, bitcoinNetwork), s.raw.slice(0, 20))
})

it('R11 unverified signatures count as sound', async () => {
  const k = keysOf('x')
  const rules = bitcoinRules(regtestNetwork)
  const account = rules.describe(k.key('m/84h/1h/0h'))
  const d = readDescriptor(account, regtestNetwork)
  const st = new Uint8Array([0,20,...Buffer.from('751e76e8199196d454941c45d1b3a323f1433bd6','hex')])
  const payload = writePayload({ locktime: 0, inputs: [coin(scriptAt(d, 0, 0), 100_000n)], outputs: [{ script: st, amount: 99_000n }] })
  const ring = async (p: string) => { const r = await k.ring(p); return { ...r, ecdsa: async (h: Uint8Array) => { const s = await r.ecdsa(h); s.signature[10]! ^= 1; return s } } }
  const signed = await rules.sign({ chain: rules.id, account, payload, intent: { kind: 'pay' }, hints: {} } as any, ring)
  console.log('R11 checkSigned', await code(() => rules.checkSigned(signed)), '| copy:', await code(() => rules.checkSigned({ ...signed })))
})
