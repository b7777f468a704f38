import { createOfflineWallet, createDraft } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { bitcoinRules } from '../src/rules.ts'
import { bitcoinNetwork } from '../src/networks.ts'
import { readDescriptor } from '../src/descriptor.ts'
import { scriptAt, deriveScripts } from '../src/derive.ts'
import { writePayload } from '../src/payload.ts'
import { encodeTx, txidOf } from '../src/transaction.ts'
const rules = bitcoinRules(bitcoinNetwork)
const signer = softwareSigner({ mnemonic: 'legal winner thank year wave sausage worth useful legal winner thank yellow' })
const wallet = createOfflineWallet({ chains: [rules], signer, policy: { maxFee: { [bitcoinNetwork.id]: 10n**10n } } })
for (const type of ['p2wpkh','p2tr','p2pkh']) {
  const account = await wallet.describe('bitcoin', { type })
  const d = readDescriptor(account, bitcoinNetwork)
  for (const n of [1, 100, 500]) {
    for (let k=0;k<3;k++) {
    const scripts = deriveScripts(d, 0, 0, n)
    const coins = scripts.map((script, i) => {
      const tx = { version: 2, locktime: i + k*1000, inputs: [{ txid: 'ab'.repeat(32), vout: i, sequence: 0, scriptSig: new Uint8Array(107), witness: [] }], outputs: [{ amount: 1234n, script: scriptAt(d,1,0).script }, { amount: 100_000n, script: script.script }] }
      return { txid: txidOf(tx), vout: 1, sequence: 0xfffffffd, amount: 100_000n, script, previous: encodeTx(tx) }
    })
    const t0 = performance.now()
    const payload = writePayload({ locktime: 1, inputs: coins, outputs: [{ amount: 100_000n*BigInt(n) - 20_000n - BigInt(n)*500n*0n, script: scripts[0]!.script, own: scripts[0]! }] })
    const t1 = performance.now()
    const draft = createDraft(rules, { chain: rules.id, account, intent: { kind: 'sweep', asset: rules.coin.id, to: 'x' } as any, payload, hints: {} })
    const t2 = performance.now()
    ;(draft as any)
    const { rebuild } = rules
    const keys: any = undefined
    // sign without approval
    const approved = draft
    const t3 = performance.now()
    let signed: any
    try { signed = await wallet.sign(createDraft(rules, { ...draft, intent: { kind: 'sweep', asset: rules.coin.id, to: rules.parseAddress((draft.effects.list[0] as any).to) } as any })) } catch (e) { console.log(String(e)) }
    const t4 = performance.now()
    console.log(type, n, 'write', (t1-t0).toFixed(1), 'inspect', (t2-t1).toFixed(1), 'wallet.sign(+1 inspect)', (t4-t3).toFixed(1), signed?.raw.length)
    }
  }
}
