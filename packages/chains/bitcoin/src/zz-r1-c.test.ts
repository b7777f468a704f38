import { verifyMany, nobleEngine, createOfflineWallet, createWallet, memoryStore, isCofferError, describeEffects, hdFromSeed, hdDerive, hdSecret, hdNeuter, hdDerivePublicMany, hdDerivePublic } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { sha256 } from '@noble/hashes/sha2.js'
import { secp256k1, schnorr } from '@noble/curves/secp256k1.js'
import { expect, it } from 'vitest'
import { regtest } from './bitcoin.ts'
import { deriveScripts, scriptAt } from './derive.ts'
import { readDescriptor } from './descriptor.ts'
import { regtestNetwork } from './networks.ts'
import { readPayload, writePayload } from './payload.ts'
import { encodeTx, txidOf, type Tx } from './transaction.ts'
import { fakeChain } from './fake-source.fixture.ts'
import { witnessScriptOf } from './script.ts'
import { formatAddress } from './address.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const b = (x: bigint) => Uint8Array.from(Buffer.from(x.toString(16).padStart(64, '0'), 'hex'))
const num = (x: Uint8Array) => BigInt('0x' + Buffer.from(x).toString('hex'))
const rnd = (n: number) => crypto.getRandomValues(new Uint8Array(n))
it('bulk soundness', () => {
  const root = hdFromSeed(rnd(32), nobleEngine)
  const acc = hdDerive(root, 'm/84h/0h/0h/0')
  hdDerivePublicMany(hdNeuter(acc), 0, 200) // learn relations
  const secrets = [...Array.from({ length: 40 }, (_, i) => hdSecret(hdDerive(acc, 'm/' + i))), b(1n), b(N - 1n), b(2n), ...Array.from({ length: 5 }, () => rnd(32))]
  let bad = 0, good = 0, diff = 0
  for (let round = 0; round < 60; round++) {
    const claims: any[] = [], expected: boolean[] = []
    for (let i = 0; i < 64; i++) {
      const d = secrets[(round * 7 + i) % secrets.length]!
      const dn = num(d)
      let hash = rnd(32)
      const isS = Math.random() < 0.5
      let publicKey = isS ? schnorr.getPublicKey(d) : secp256k1.getPublicKey(d, true)
      let signature = isS ? schnorr.sign(hash, d, rnd(32)) : secp256k1.sign(hash, d, { prehash: false })
      switch (Math.floor(Math.random() * 14)) {
        case 0: signature[Math.floor(Math.random() * 64)]! ^= 1 << Math.floor(Math.random() * 8); break
        case 1: hash = rnd(32); break
        case 2: if (!isS) { signature.set(b(N - num(signature.slice(32))), 32) } break
        case 3: publicKey = publicKey.slice(); if (!isS) publicKey[0]! ^= 1; break
        case 4: signature = new Uint8Array(64); break
        case 5: signature = new Uint8Array(64).fill(255); break
        case 6: if (!isS) { hash = b((N - (num(signature.slice(0, 32)) * dn) % N) % N) } break // infinity
        case 7: if (isS) { // s = e*d with even-y: R = infinity
          const e = num(sha256(Uint8Array.from([...sha256(new TextEncoder().encode('BIP0340/challenge')), ...sha256(new TextEncoder().encode('BIP0340/challenge')), ...signature.slice(0, 32), ...publicKey, ...hash]))) % N
          const even = secp256k1.getPublicKey(d, true)[0] === 2 ? dn : N - dn
          signature.set(b((e * even) % N), 32) } break
        case 8: publicKey = secp256k1.getPublicKey(secrets[(round + i + 1) % secrets.length]!, true).slice(isS ? 1 : 0); break
        case 9: hash = new Uint8Array(32); break
        case 10: hash = new Uint8Array(32).fill(255); if (!isS) signature = secp256k1.sign(hash, d, { prehash: false }); break
      }
      claims.push({ signature, hash, publicKey })
      let ok = false
      try { ok = isS ? schnorr.verify(signature, hash, publicKey) : secp256k1.verify(signature, hash, publicKey, { prehash: false, lowS: true }) } catch {}
      expected.push(ok); ok ? good++ : bad++
    }
    const got = verifyMany(nobleEngine, claims)
    got.forEach((g, i) => { if (g !== expected[i]) diff++ })
  }
  console.log('bulk', { good, bad, diff })
  expect(diff).toBe(0)
}, 60000)

const chain = regtest(), asset = regtestNetwork.coin.id
const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
let n = 0
const payTx = (outs: any[]): Tx => ({ version: 2, locktime: 0, inputs: [{ txid: '11'.repeat(32), vout: n++, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }], outputs: outs })
const coin = (script: any, amount: bigint, extra: any[] = []) => { const tx = payTx([{ script: script.script, amount }, ...extra]); return { txid: txidOf(tx), vout: 0, sequence: 0xfffffffd, amount, script, previous: encodeTx(tx, { witness: false }) } }
const json = (account: string, intent: any, payload: string, extra: any = {}) => JSON.stringify({ kind: 'draft', version: 1, chain: regtestNetwork.id, account, intent, payload, hints: {}, ...extra })
const code = async (f: () => unknown) => { try { await f(); return 'ok' } catch (e) { if (isCofferError(e)) return (e.code + ': ' + e.message).slice(0, 160); throw e } }

it('R6b', async () => {
  const addr = (tag: string, i: number) => formatAddress(witnessScriptOf(0, sha256(new TextEncoder().encode(tag + i)).slice(0, 20)), regtestNetwork)!
  for (const [count, contacts] of [[3000, 2000], [1500, 1000]] as const) {
  const store = memoryStore()
  await store.set(`contacts/${regtestNetwork.id}`, JSON.stringify(Array.from({ length: contacts }, (_, i) => addr('c', i))))
  const w = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }), store })
  const account = await w.describe('regtest'); const d = readDescriptor(account, regtestNetwork)
  const scripts = Array.from({ length: count }, (_, i) => witnessScriptOf(0, sha256(new TextEncoder().encode('p' + i)).slice(0, 20)))
  const payload = writePayload({ locktime: 0, inputs: [coin(scriptAt(d, 0, 0), 4_000_000n)], outputs: [...scripts.map(script => ({ script, amount: 1000n })), { ...scriptAt(d, 1, 0), amount: 800_000n, own: scriptAt(d, 1, 0) }].map((o: any) => ({ script: o.script, amount: o.amount, ...(o.own ? { own: o.own } : {}) })).filter((o: any) => count === 3000 || !o.own || true) })
  const draft = w.draft(json(account, { kind: 'batch', asset, payments: scripts.map(s => ({ to: formatAddress(s, regtestNetwork), amount: '1000' })) }, payload))
  const t = performance.now()
  const r = await code(() => w.sign(draft, { accept: [] }))
  console.log('R6b', count, contacts, Math.round(performance.now() - t), 'ms', r)
  const t2 = performance.now(); const r2 = await code(() => w.sign(draft, { accept: ['lookalike'] })); console.log('R6b without lookalikes', Math.round(performance.now() - t2), r2)
  }
}, 120000)

it('R8 locktime', async () => {
  const w = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }) })
  const account = await w.describe('regtest'); const d = readDescriptor(account, regtestNetwork)
  const st = new Uint8Array([0,20,...Buffer.from('751e76e8199196d454941c45d1b3a323f1433bd6','hex')])
  const draft = w.draft(json(account, { kind: 'pay', asset, to: STRANGER, amount: '500000' }, writePayload({ locktime: 499_999_999, inputs: [coin(scriptAt(d, 0, 0), 501_000n)], outputs: [{ script: st, amount: 500_000n }] })))
  console.log('R8', describeEffects(draft.effects, [regtestNetwork.coin]), (await code(() => w.sign(draft))))
  const fake = fakeChain(); fake.height = 499_000_000
  const hot = createWallet({ chains: [chain], source: { for: () => fake.source } as any, signer: softwareSigner({ mnemonic }) })
  const a = await hot.account('regtest')
  fake.pay([{ script: scriptAt(readDescriptor(a.descriptor, regtestNetwork), 0, 0).script, amount: 1_000_000n }], 900)
  const dr = await a.create({ to: STRANGER, amount: 500_000n })
  console.log('R8 hot', dr.effects.fields['locktime'], dr.effects.warnings)
})
it('R7 fees and windows', async () => {
  const w = createOfflineWallet({ chains: [chain], signer: softwareSigner({ mnemonic }), policy: { limits: [{ asset, amount: 0n, seconds: 86400 }], recipients: [] } })
  const account = await w.describe('regtest'); const d = readDescriptor(account, regtestNetwork)
  const r: string[] = []
  for (let i = 0; i < 5; i++) {
    const own = scriptAt(d, 1, i)
    const inputs = Array.from({ length: 15 }, () => coin(scriptAt(d, 0, i), 70_000n))
    r.push(await code(() => w.sign(w.draft(json(account, { kind: 'batch', asset, payments: [] }, writePayload({ locktime: 0, inputs, outputs: [{ script: own.script, amount: 60_000n, own }] }))))))
  }
  console.log('R7 five signatures of 990000 sat fee each, window 0, nobody allowed:', r)
})
