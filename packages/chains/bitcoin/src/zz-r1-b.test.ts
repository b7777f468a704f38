import { createOfflineWallet, createWallet, memoryStore, isCofferError, nobleEngine } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { expect, it } from 'vitest'
import { bitcoin, regtest } from './bitcoin.ts'
import { bitcoinRules } from './rules.ts'
import { deriveScripts, scriptAt } from './derive.ts'
import { readDescriptor, parseDescriptor, multisigDescriptor } from './descriptor.ts'
import { regtestNetwork } from './networks.ts'
import { readPayload, writePayload } from './payload.ts'
import { decodePsbt, encodePsbt, toBase64 } from './psbt.ts'
import { encodeTx, txidOf, type Tx } from './transaction.ts'
import { keysOf } from './keys.fixture.ts'
import { inspectSigned } from './inspect-signed.ts'
import { witnessScriptOf } from './script.ts'
import { formatAddress } from './address.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const st = new Uint8Array([0,20,...Buffer.from('751e76e8199196d454941c45d1b3a323f1433bd6','hex')])
const chain = regtest()
const asset = regtestNetwork.coin.id
const code = async (f: () => unknown) => { try { await f(); return 'ok' } catch (e) { if (isCofferError(e)) return (e.code + ': ' + e.message).slice(0, 160); throw e } }
let n = 0
const payTx = (outs: any[]): Tx => ({ version: 2, locktime: 0, inputs: [{ txid: '11'.repeat(32), vout: n++, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }], outputs: outs })
const coin = (script: any, amount: bigint, extra: any[] = []) => { const tx = payTx([{ script: script.script, amount }, ...extra]); return { txid: txidOf(tx), vout: 0, sequence: 0xfffffffd, amount, script, previous: encodeTx(tx, { witness: false }) } }
const json = (account: string, intent: any, payload: string, extra: any = {}) => JSON.stringify({ kind: 'draft', version: 1, chain: regtestNetwork.id, account, intent, payload, hints: {}, ...extra })
const ms = async (f: () => unknown) => { const t = performance.now(); const r = await f(); return [Math.round(performance.now() - t) + ' ms', r] }

it('R5b race by drafts alone', async () => {
  const w = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }), policy: { limits: [{ asset, amount: 600_000n, seconds: 86400 }] } })
  const account = await w.describe('regtest'); const d = readDescriptor(account, regtestNetwork)
  const results = []
  for (let i = 0; i < 4; i++) {
    const payload = writePayload({ locktime: 0, inputs: [coin(scriptAt(d, 0, i), 501_000n)], outputs: [{ script: st, amount: 500_000n }] })
    const intent = { kind: 'pay', asset, to: STRANGER, amount: '500000' }
    const bad = w.draft(json(account, intent, payload, { signatures: ['0:AAAA'] })), good = w.draft(json(account, intent, payload))
    const r = await Promise.allSettled([w.sign(bad), w.sign(good)])
    results.push(r.map(x => x.status).join('/'))
  }
  console.log('R5b limit 600000, signed 500000 each:', results)
})

it('R12 policy/spent outgrows the JSON reader', async () => {
  const store = memoryStore()
  const w = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }), store, policy: { limits: [{ asset, amount: 10n ** 15n, seconds: 86400 }] } })
  const account = await w.describe('regtest'); const d = readDescriptor(account, regtestNetwork)
  const filler = Array.from({ length: 100_000 / 31 | 0 }, () => ({ script: st, amount: 1000n })) // a 100 kB parent
  let i = 0, r = ''
  for (; i < 90; i++) {
    const payload = writePayload({ locktime: 0, inputs: [coin(scriptAt(d, 0, 0), 501_000n, filler)], outputs: [{ script: st, amount: 500_000n }] })
    r = await code(() => w.sign(w.draft(json(account, { kind: 'pay', asset, to: STRANGER, amount: '500000' }, payload))))
    if (r !== 'ok') break
  }
  console.log('R12 after', i, 'signatures:', r, 'stored', (await store.get(`policy/spent/${asset}`))?.length)
}, 60000)

it('R6a claims', async () => {
  const w = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }) })
  for (const multi of [false, true]) {
    const keys = Array.from({ length: 15 }, (_, i) => keysOf('k' + i).key('m/48h/1h/0h/2h'))
    const account = multi ? multisigDescriptor({ threshold: 2, keys }, regtestNetwork) : keysOf('a') && bitcoinRules(regtestNetwork).describe(keysOf('a').key('m/86h/1h/0h'), 'p2tr')
    const d = readDescriptor(account, regtestNetwork)
    const base = d.keys[0]!
    const { path, fingerprint } = scriptAt(d, 0, 0).keys[0]!
    let idx = 0
    const claims = () => Array.from({ length: 40 }, (_, i) => { const pk = new Uint8Array(33); pk[0] = 2; pk[1] = i; pk[2] = 1; return { publicKey: pk, fingerprint, path: [...path.slice(0, -2), 0, 100_000 + idx++] } })
    const input = coin(scriptAt(d, 0, 0), 100_000_000n)
    const outs = multi ? 20 : 200
    const plan = writePayload({ locktime: 0, inputs: [input], outputs: [{ script: st, amount: 1000n }] })
    const psbt = decodePsbt(plan)
    const evil = toBase64(encodePsbt({ ...psbt, outputs: Array.from({ length: outs }, () => ({ ...psbt.outputs[0]!, amount: 1n, derivations: claims() })) }, { version: 0 }))
    console.log('R6a', multi ? '15 keys' : 'p2tr', 'payload', evil.length, 'chars', await ms(() => code(() => w.draft(json(account, { kind: 'pay', asset, to: STRANGER, amount: '1000' }, evil)))))
  }
}, 120000)

it('R6b a batch of 3000', async () => {
  const store = memoryStore()
  await store.set(`contacts/${regtestNetwork.id}`, JSON.stringify(Array.from({ length: 2000 }, (_, i) => formatAddress(witnessScriptOf(0, new Uint8Array(20).fill(i & 255, 0, 1).fill(i >> 8, 1, 2)), regtestNetwork))))
  const w = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }), store })
  const account = await w.describe('regtest'); const d = readDescriptor(account, regtestNetwork)
  const scripts = Array.from({ length: 3000 }, (_, i) => { const p = new Uint8Array(20); p[5] = i & 255; p[6] = i >> 8; return witnessScriptOf(0, p) })
  const payload = writePayload({ locktime: 0, inputs: [coin(scriptAt(d, 0, 0), 3_100_000n)], outputs: scripts.map(script => ({ script, amount: 1000n })) })
  const draft = w.draft(json(account, { kind: 'batch', asset, payments: scripts.map(s => ({ to: formatAddress(s, regtestNetwork), amount: '1000' })) }, payload))
  console.log('R6b sign a batch of 3000 to fresh addresses', await ms(() => code(() => w.sign(draft))))
}, 120000)

it('R6c duplicate signatures', async () => {
  const k = keysOf('z'); const rules = bitcoinRules(regtestNetwork)
  const account = rules.describe(k.key('m/84h/1h/0h')); const d = readDescriptor(account, regtestNetwork)
  const plan = { locktime: 0, inputs: Array.from({ length: 500 }, (_, i) => coin(scriptAt(d, 0, i % 50), 10_000n)), outputs: [{ script: st, amount: 1000n }] }
  const payload = writePayload(plan)
  const f = { chain: rules.id, account, payload, intent: { kind: 'pay' }, hints: {} } as any
  const sigs = await rules.cosign!(f, k.ring)
  console.log('R6c 500 inputs, 1 signature', await ms(() => { rules.finish!({ ...f, signatures: sigs }); return '' }))
  console.log('R6c 500 inputs, 100 x the same', await ms(() => { rules.finish!({ ...f, signatures: Array.from({ length: 100 }, () => sigs[0]) }); return '' }))
}, 120000)

it('R6d inspectSigned far', async () => {
  const rules = bitcoinRules(regtestNetwork)
  const ks = Array.from({ length: 20 }, (_, i) => keysOf('k' + i))
  const account = multisigDescriptor({ threshold: 1, keys: ks.map(k => k.key('m/48h/1h/0h/2h')) }, regtestNetwork); const d = readDescriptor(account, regtestNetwork)
  const payload = writePayload({ locktime: 0, inputs: [coin(scriptAt(d, 0, 2_000_000_000), 100_000n)], outputs: [{ script: st, amount: 99_000n }] })
  const signed = await rules.sign({ chain: rules.id, account, payload, intent: { kind: 'pay' }, hints: {} } as any, ks[0]!.ring)
  console.log('R6d raw', signed.raw.length / 2, 'bytes', await ms(() => { inspectSigned({ ...signed }, regtestNetwork); return '' }))
}, 300000)
