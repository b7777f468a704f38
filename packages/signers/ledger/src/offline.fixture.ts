import { multisigDescriptor, regtest } from '@coffer/bitcoin'
import { nobleEngine, type Signer } from '@coffer/core'
import { ethereumDeviceApp, type LedgerDevice, ledgerDevice } from '@coffer/devnet/ledger'
import { bnb, type EvmIntent, ethereum, ethereumNetwork, evmChain } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import { type TronIntent, tron } from '@coffer/tron'
import { describe, expect, it } from 'vitest'
import { approvedDraft } from './approved.fixture.ts'
import { fullDevice } from './conformance.fixture.ts'
import { bitcoinDraft, evmDraft, MNEMONIC, STRANGER, tronDraft } from './drafts.fixture.ts'
import type { LedgerSigner } from './index.ts'
import { forbidNetwork } from './no-network.fixture.ts'

const EVM_PATH = 'm/44h/60h/0h/0/0'
const TRON_PATH = 'm/44h/195h/0h/0/0'
const DELEGATE = '0x4Cd241E8d1510e30b2076397afc7508Ae59C66c9'

/** Everything that a Ledger signs for us, over one of Ledger's libraries, with every way to the network taken away. */
export function signsEverything(library: string, make: (device: LedgerDevice) => LedgerSigner): void {
  describe(`without a network, by ${library}`, () => {
    forbidNetwork()

    it.each(['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'] as const)(
      'Bitcoin, %s: shows what leaves, and not the change',
      async (type) => {
        const chain = regtest({ type })
        const device = fullDevice()
        const signer = make(device)
        const account = chain.describe(await signer.publicKey(chain.path(0)))
        const { payload } = bitcoinDraft(chain, account, { coins: 4 })
        const signed = await signer.sign({ chain, draft: await approvedDraft(chain, account, payload) })
        chain.checkSigned(signed)
        const { fields, warnings } = device.shown.at(-1)!
        expect(warnings).toEqual([])
        expect(fields.filter(([label]) => /to/i.test(label))).toHaveLength(1)
        expect(JSON.stringify(fields)).toContain('0.0006')
      },
    )

    it('Bitcoin: many inputs, of one address too', async () => {
      const chain = regtest()
      const signer = make(fullDevice())
      const account = chain.describe(await signer.publicKey(chain.path(0)))
      const { payload } = bitcoinDraft(chain, account, { coins: 40, addresses: 3 })
      chain.checkSigned(await signer.sign({ chain, draft: await approvedDraft(chain, account, payload) }))
    })

    it.each(['p2wsh-sortedmulti', 'p2sh-p2wsh-sortedmulti'] as const)(
      'Bitcoin, 2 of 3 keys (%s): registered once, shown by its name, signed with another signer',
      async (type) => {
        const chain = regtest()
        const device = fullDevice()
        const signer = make(device)
        const others: Signer[] = [
          'legal winner thank year wave sausage worth useful legal winner thank yellow',
          `${'zoo '.repeat(11)}wrong`,
        ].map((mnemonic) => softwareSigner({ mnemonic }))
        const keys = await Promise.all([signer, ...others].map((one) => one.publicKey('m/48h/1h/0h/2h')))
        const account = multisigDescriptor({ threshold: 2, keys, type }, chain.network, nobleEngine)
        const { payload } = bitcoinDraft(chain, account)
        const draft = await approvedDraft(chain, account, payload)
        await expect(signer.cosign!({ chain, draft })).rejects.toMatchObject({
          code: 'ACCOUNT_NOT_REGISTERED',
        })
        await signer.registerAccount({ chain, account, name: 'Cold storage' })
        expect(device.shown.at(-1)!.kind).toBe('wallet policy')
        expect(await signer.showAddress({ chain, account })).toMatch(/^(bcrt1q|2)/)
        const signatures = await signer.cosign!({ chain, draft })
        expect(signatures).toHaveLength(1)
        const other = await approvedDraft(chain, account, payload, signatures)
        chain.checkSigned(await others[1]!.sign({ chain, draft: other }))
      },
    )

    const intents: Readonly<Record<string, EvmIntent>> = {
      payment: { kind: 'pay', asset: ethereum().coin.id, to: STRANGER.evm, amount: 5n },
      token: { kind: 'pay', asset: `eip155:1/erc20:${DELEGATE}`, to: STRANGER.evm, amount: 5n },
      approval: { kind: 'approve', asset: `eip155:1/erc20:${DELEGATE}`, spender: STRANGER.evm, amount: 5n },
      call: { kind: 'call', to: STRANGER.evm, value: 1n, data: `0x${'ab'.repeat(700)}` },
      'call with an access list': {
        kind: 'call',
        to: STRANGER.evm,
        value: 0n,
        data: '0x12345678',
        accessList: [{ address: STRANGER.evm, storageKeys: [`0x${'00'.repeat(32)}`] }],
      },
      deployment: { kind: 'deploy', value: 0n, data: '0x6001600155' },
      delegation: { kind: 'delegate', to: DELEGATE },
      'end of a delegation': { kind: 'delegate', to: null },
    }
    it.each(Object.keys(intents))('Ethereum: %s', async (name) => {
      const device = ledgerDevice({
        mnemonic: MNEMONIC,
        apps: [ethereumDeviceApp({ blindSigning: true, smartAccounts: true })],
      })
      const signer = make(device)
      const chain = evmChain({ ...ethereumNetwork, delegates: [DELEGATE] })
      const account = chain.describe(await signer.publicKey(EVM_PATH))
      const { payload } = evmDraft(chain, account, intents[name]!)
      chain.checkSigned(await signer.sign({ chain, draft: await approvedDraft(chain, account, payload) }))
    })

    it.each(['legacy', 'eip2930'] as const)('Ethereum and BNB: transactions of type %s', async (type) => {
      const signer = make(fullDevice())
      for (const chain of [ethereum(), bnb()]) {
        const account = chain.describe(await signer.publicKey(EVM_PATH))
        const { payload } = evmDraft(chain, account, undefined, type)
        chain.checkSigned(await signer.sign({ chain, draft: await approvedDraft(chain, account, payload) }))
      }
    })

    const deeds: Readonly<Record<string, readonly [TronIntent, bigint?]>> = {
      payment: [{ kind: 'pay', asset: tron().coin.id, to: STRANGER.tron, amount: 5n }],
      'payment with a note': [
        { kind: 'pay', asset: tron().coin.id, to: STRANGER.tron, amount: 5n, memo: 'c0ffee' },
      ],
      'TRC-10': [{ kind: 'pay', asset: `${tron().id}/trc10:1000001`, to: STRANGER.tron, amount: 5n }],
      'TRC-20': [
        {
          kind: 'pay',
          asset: `${tron().id}/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t`,
          to: STRANGER.tron,
          amount: 5n,
        },
        10_000_000n,
      ],
      approval: [
        {
          kind: 'approve',
          asset: `${tron().id}/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t`,
          spender: STRANGER.tron,
          amount: 5n,
        },
        10_000_000n,
      ],
      call: [{ kind: 'call', to: STRANGER.tron, value: 0n, data: '0x12345678' }, 10_000_000n],
      freeze: [{ kind: 'freeze', amount: 5_000_000n, resource: 'energy' }],
      unfreeze: [{ kind: 'unfreeze', amount: 5_000_000n, resource: 'bandwidth' }],
      withdraw: [{ kind: 'withdraw' }],
      claim: [{ kind: 'claim' }],
      delegate: [
        { kind: 'delegate', to: STRANGER.tron, amount: 1_000_000n, resource: 'energy', lockBlocks: 0n },
      ],
      undelegate: [{ kind: 'undelegate', to: STRANGER.tron, amount: 1_000_000n, resource: 'energy' }],
      vote: [{ kind: 'vote', votes: [{ to: STRANGER.tron, count: 3n }] }],
    }
    it.each(Object.keys(deeds))('Tron: %s', async (name) => {
      const chain = tron()
      const signer = make(fullDevice())
      const account = chain.describe(await signer.publicKey(TRON_PATH))
      const [intent, feeLimit] = deeds[name]!
      const { payload } = tronDraft(chain, account, intent, feeLimit)
      chain.checkSigned(await signer.sign({ chain, draft: await approvedDraft(chain, account, payload) }))
    })

    it('Tron: other keys for an account', async () => {
      const chain = tron()
      const signer = make(fullDevice())
      const account = chain.describe(await signer.publicKey(TRON_PATH))
      const keys = [{ address: STRANGER.tron, weight: 1n }]
      const intent: TronIntent = {
        kind: 'permissions',
        owner: { threshold: 1n, keys },
        actives: [{ threshold: 1n, keys, name: 'active', operations: `02${'00'.repeat(31)}` }],
      }
      const { payload } = tronDraft(chain, account, intent)
      chain.checkSigned(await signer.sign({ chain, draft: await approvedDraft(chain, account, payload) }))
    })
  })
}
