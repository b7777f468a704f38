import { CofferError, isCofferError } from '@coffer/core'
import {
  ethereumDeviceApp,
  type LedgerDeviceOptions,
  ledgerDevice,
  type Person,
  tronDeviceApp,
} from '@coffer/devnet/ledger'
import { decodeSigned, ethereum, ethereumNetwork, evmChain } from '@coffer/evm'
import { tronDevnet } from '@coffer/tron'
import { describe, expect, it } from 'vitest'
import { approvedDraft } from './approved.fixture.ts'
import { evmDraft, MNEMONIC, STRANGER, tronDraft } from './drafts.fixture.ts'
import type { LedgerPrompt } from './index.ts'
import { ethereumApp, ledgerSigner, tronApp } from './ledgerjs/index.ts'
import { defaultOf } from './peer.ts'

const PATH = 'm/44h/60h/0h/0/0'
const TRON_PATH = 'm/44h/195h/0h/0/0'
const chain = ethereum()
const tron = tronDevnet()

function make(
  options: Partial<LedgerDeviceOptions> = {},
  config: Partial<Parameters<typeof ledgerSigner>[0]> = {},
) {
  const device = ledgerDevice({
    mnemonic: MNEMONIC,
    apps: [ethereumDeviceApp({}), tronDeviceApp({})],
    ...options,
  })
  const prompts: LedgerPrompt[] = []
  const signer = ledgerSigner({
    transport: device.connect,
    apps: [ethereumApp(), tronApp()],
    onPrompt: (prompt) => prompts.push(prompt),
    ...(config as object),
  })
  return { device, signer, prompts }
}

async function payment(signer: ReturnType<typeof make>['signer']) {
  const account = chain.describe(await signer.publicKey(PATH))
  return approvedDraft(chain, account, evmDraft(chain, account).payload)
}

/** A person who decides when told, and says when a screen is shown. */
function hands(): {
  person: Person
  shown: Promise<void>
  decide(deed: 'approve' | 'refuse' | 'unplug'): void
} {
  let show = (): void => {}
  let decide: (deed: 'approve' | 'refuse' | 'unplug') => void = () => {}
  const shown = new Promise<void>((resolve) => {
    show = resolve
  })
  const decided = new Promise<'approve' | 'refuse' | 'unplug'>((resolve) => {
    decide = resolve
  })
  return {
    person: (screen) => {
      if (screen.kind === 'open app') return 'approve'
      show()
      return decided
    },
    shown,
    decide,
  }
}

describe('apps', () => {
  it('opens the app that is needed, closes another one, and tells the person', async () => {
    const { device, signer, prompts } = make()
    await signer.publicKey(PATH)
    expect(device.app).toBe('Ethereum')
    await signer.publicKey(TRON_PATH)
    expect(device.app).toBe('Tron')
    expect(prompts).toEqual([
      { kind: 'open-app', app: 'Ethereum' },
      { kind: 'open-app', app: 'Tron' },
    ])
  })

  it('opens none where it may not, and names what is open', async () => {
    const { device, signer } = make({ open: 'Tron' }, { openApps: false })
    await expect(signer.publicKey(PATH)).rejects.toMatchObject({
      code: 'DEVICE_WRONG_APP',
      message: 'On the Ledger the Tron app is open. Open the Ethereum app and try again.',
      details: { expected: 'Ethereum', found: 'Tron' },
      retryable: true,
    })
    device.open('BOLOS')
    await expect(signer.publicKey(PATH)).rejects.toMatchObject({
      message: 'On the Ledger no app is open. Open the Ethereum app and try again.',
    })
  })

  it('says when an app is not installed, too old, or refused by the person', async () => {
    const without = make({ apps: [tronDeviceApp({})] })
    await expect(without.signer.publicKey(PATH)).rejects.toMatchObject({ code: 'DEVICE_APP_MISSING' })
    const old = make({ apps: [ethereumDeviceApp({ version: '1.2.13' })] })
    await expect(old.signer.publicKey(PATH)).rejects.toMatchObject({
      code: 'DEVICE_APP_OLD',
      details: { app: 'Ethereum', found: '1.2.13', needed: '1.9.0' },
    })
    const refused = make({ person: () => 'refuse' })
    await expect(refused.signer.publicKey(PATH)).rejects.toMatchObject({ code: 'SIGNER_REFUSED' })
  })

  it('refuses paths of which no app has keys, and chains without an app', async () => {
    const { signer } = make({}, { apps: [tronApp()] })
    await expect(signer.publicKey('m/44h/60h/0h/0/0')).rejects.toMatchObject({ code: 'INVALID_PATH' })
    const draft = await approvedDraft(chain, `[00000000/44h/60h/0h/0/0]eip155:1:${STRANGER.evm}`, '0x01')
    await expect(signer.sign({ chain, draft })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
})

describe('the device', () => {
  it('is locked, is unlocked, and goes on', async () => {
    const { device, signer } = make()
    device.lock()
    await expect(signer.publicKey(PATH)).rejects.toMatchObject({ code: 'DEVICE_LOCKED', retryable: true })
    device.unlock()
    expect(await signer.publicKey(PATH)).toMatchObject({ path: PATH })
  })

  it('is unplugged between two operations, and is found again', async () => {
    const { device, signer } = make()
    await signer.publicKey(PATH)
    device.unplug()
    await expect(signer.publicKey(PATH)).rejects.toMatchObject({ code: 'DEVICE_DISCONNECTED' })
    device.plug()
    expect(await signer.publicKey(PATH)).toMatchObject({ path: PATH })
  })

  it('is unplugged while it asks: the payment is not signed a second time by itself', async () => {
    const { person, shown, decide } = hands()
    const { device, signer } = make()
    const draft = await payment(signer)
    device.setPerson(person)
    const signing = signer.sign({ chain, draft })
    await shown
    decide('unplug')
    await expect(signing).rejects.toMatchObject({ code: 'DEVICE_DISCONNECTED' })
    device.plug()
    device.setPerson(() => 'approve')
    const before = device.shown.filter(({ kind }) => kind === 'transaction').length
    expect(await signer.sign({ chain, draft })).toMatchObject({ chain: 'eip155:1' })
    expect(device.shown.filter(({ kind }) => kind === 'transaction').length).toBe(before + 1)
  })

  it('is unplugged, and the transport leaves what waits unanswered, as that of WebHID does', async () => {
    const { person, shown, decide } = hands()
    const device = ledgerDevice({ mnemonic: MNEMONIC, apps: [ethereumDeviceApp({})] })
    const signer = ledgerSigner({
      transport: async () => {
        const transport = await device.connect()
        const { exchange } = transport
        transport.exchange = (apdu) =>
          exchange(apdu).catch((error: Error) => {
            if (error.name !== 'DisconnectedDeviceDuringOperation') throw error
            return new Promise<never>(() => {})
          })
        return transport
      },
      apps: [ethereumApp()],
    })
    const draft = await payment(signer)
    device.setPerson(person)
    const signing = signer.sign({ chain, draft })
    await shown
    decide('unplug')
    await expect(signing).rejects.toMatchObject({ code: 'DEVICE_DISCONNECTED' })
    device.plug()
    expect(await signer.app()).toMatchObject({ name: 'BOLOS' })
  })

  it('that was unplugged while nobody asked is found by the first question', async () => {
    const { device, signer } = make()
    await signer.publicKey(PATH)
    device.unplug()
    device.plug()
    expect(await signer.app()).toMatchObject({ name: 'BOLOS' })
  })

  it('that was given as a transport, and left when an app opened, is told to be connected again', async () => {
    const device = ledgerDevice({ mnemonic: MNEMONIC, apps: [ethereumDeviceApp({})] })
    const transport = await device.connect()
    const signer = ledgerSigner({ transport, apps: [ethereumApp()] })
    await expect(signer.publicKey(PATH)).rejects.toMatchObject({
      code: 'DEVICE_DISCONNECTED',
      message: expect.stringContaining('give ledgerSigner a function'),
    })
    const again = ledgerSigner({ transport: await device.connect(), apps: [ethereumApp()] })
    expect(await again.publicKey(PATH)).toMatchObject({ path: PATH })
  })

  it('is in use by somebody else', async () => {
    const { person, shown, decide } = hands()
    const device = ledgerDevice({
      mnemonic: MNEMONIC,
      apps: [ethereumDeviceApp({})],
      open: 'Ethereum',
      person,
    })
    const transport = await device.connect()
    // Past every queue of ours, as another library in the same page would.
    const Eth = defaultOf<
      new (
        transport: object,
      ) => { getAddress(path: string, show: boolean): Promise<unknown> }
    >(await import('@ledgerhq/hw-app-eth/lib/Eth'))
    const other = new Eth(transport).getAddress("44'/60'/0'/0/0", true)
    await shown
    const signer = ledgerSigner({ transport, apps: [ethereumApp()] })
    await expect(signer.publicKey(PATH)).rejects.toMatchObject({ code: 'DEVICE_BUSY', retryable: true })
    decide('approve')
    await other
    expect(await signer.publicKey(PATH)).toMatchObject({ path: PATH })
  })
})

describe('one after the other', () => {
  it('serves two signers of one device in the order of their calls', async () => {
    const device = ledgerDevice({ mnemonic: MNEMONIC, apps: [ethereumDeviceApp({}), tronDeviceApp({})] })
    const one = ledgerSigner({ transport: device.connect, apps: [ethereumApp()] })
    const two = ledgerSigner({ transport: device.connect, apps: [tronApp()] })
    const order: string[] = []
    await Promise.all([
      one.publicKey(PATH).then(() => order.push('a')),
      two.publicKey(TRON_PATH).then(() => order.push('b')),
      one.publicKey(PATH).then(() => order.push('c')),
      two.publicKey(TRON_PATH).then(() => order.push('d')),
    ])
    expect(order).toEqual(['a', 'b', 'c', 'd'])
  })

  it('opens a device once for two signers, and again after one of them has closed it', async () => {
    const device = ledgerDevice({ mnemonic: MNEMONIC, apps: [ethereumDeviceApp({})], open: 'Ethereum' })
    let opened = 0
    const transport = () => {
      opened += 1
      return device.connect()
    }
    const one = ledgerSigner({ transport, apps: [ethereumApp()] })
    const two = ledgerSigner({ transport, apps: [ethereumApp()] })
    await Promise.all([one.publicKey(PATH), two.publicKey(PATH)])
    await one.publicKey(PATH)
    expect(opened).toBe(1)
    one.dispose()
    expect(await two.publicKey(PATH)).toMatchObject({ path: PATH })
    expect(opened).toBe(2)
  })

  it('takes what was cancelled out of the queue, and never asks the device for it', async () => {
    const { person, shown, decide } = hands()
    const { device, signer } = make()
    const draft = await payment(signer)
    device.setPerson(person)
    const first = signer.sign({ chain, draft })
    await shown
    const controller = new AbortController()
    const second = signer.sign({ chain, draft }, { signal: controller.signal })
    controller.abort()
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' })
    decide('approve')
    await first
    await signer.publicKey(PATH)
    expect(device.shown.filter(({ kind }) => kind === 'transaction')).toHaveLength(1)
  })

  it('tells who cancels at once, and keeps the next one waiting until the device is done', async () => {
    const { person, shown, decide } = hands()
    const { device, signer } = make()
    const draft = await payment(signer)
    device.setPerson(person)
    const controller = new AbortController()
    const signing = signer.sign({ chain, draft }, { signal: controller.signal })
    await shown
    controller.abort()
    await expect(signing).rejects.toMatchObject({ code: 'ABORTED' })
    let answered = false
    const next = signer.publicKey(PATH).then((key) => {
      answered = true
      return key
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(answered).toBe(false)
    decide('refuse')
    expect(await next).toMatchObject({ path: PATH })
  })

  it('ends at dispose what waits, and closes the connection when the device is done', async () => {
    const { person, shown, decide } = hands()
    const { device, signer } = make()
    const draft = await payment(signer)
    device.setPerson(person)
    const signing = signer.sign({ chain, draft })
    const waiting = signer.publicKey(PATH)
    await shown
    signer.dispose()
    await expect(signing).rejects.toMatchObject({ code: 'SIGNER_DISPOSED' })
    await expect(waiting).rejects.toMatchObject({ code: 'SIGNER_DISPOSED' })
    decide('refuse')
    const other = ledgerSigner({ transport: device.connect, apps: [ethereumApp()] })
    expect(await other.publicKey(PATH)).toMatchObject({ path: PATH })
  })
})

describe('what is signed', () => {
  it('is refused by the person', async () => {
    const { device, signer } = make()
    const draft = await payment(signer)
    device.setPerson(() => 'refuse')
    await expect(signer.sign({ chain, draft })).rejects.toMatchObject({
      code: 'SIGNER_REFUSED',
      message: 'It was refused on the Ledger.',
    })
  })

  it('is announced: the transaction, and whether the device can show it', async () => {
    const { signer, prompts } = make({ apps: [ethereumDeviceApp({ blindSigning: true })] })
    const account = chain.describe(await signer.publicKey(PATH))
    const call = evmDraft(chain, account, { kind: 'call', to: STRANGER.evm, value: 0n, data: '0x12345678' })
    await signer.sign({ chain, draft: await payment(signer) })
    await signer.sign({ chain, draft: await approvedDraft(chain, account, call.payload) })
    expect(prompts.filter(({ kind }) => kind === 'confirm')).toEqual([
      { kind: 'confirm', app: 'Ethereum', what: 'transaction', blind: false },
      { kind: 'confirm', app: 'Ethereum', what: 'transaction', blind: true },
    ])
  })

  it('delegates an account (EIP-7702): the authorisation first, then the transaction that holds it', async () => {
    const { device, signer } = make({ apps: [ethereumDeviceApp({ smartAccounts: true })] })
    const delegate = '0x4Cd241E8d1510e30b2076397afc7508Ae59C66c9'
    const chain = evmChain({ ...ethereumNetwork, delegates: [delegate] })
    const account = chain.describe(await signer.publicKey(PATH))
    const draft = evmDraft(chain, account, { kind: 'delegate', to: delegate })
    const signed = await signer.sign({ chain, draft: await approvedDraft(chain, account, draft.payload) })
    chain.checkSigned(signed)
    const { tx } = decodeSigned(signed.raw)
    expect(tx.type === 'eip7702' && tx.authorizationList).toMatchObject([{ address: delegate, nonce: 4n }])
    expect(device.shown.map(({ kind }) => kind)).toEqual(['open app', 'authorization', 'transaction'])
    const without = make()
    await expect(
      without.signer.sign({ chain, draft: await approvedDraft(chain, account, draft.payload) }),
    ).rejects.toMatchObject({ code: 'DEVICE_SETTING', details: { setting: 'Smart accounts' } })
  })

  it('is of a token that the app was told of, and shows its name', async () => {
    const token =
      '0455534454dac17f958d2ee523a2206206994597c13d831ec700000006000000013044022078c66ccea3e4dedb15a24ec3c783d7b582cd260daf62fd36afe9a8212a344aed0220160ba8c1c4b6a8aa6565bed20632a091aeeeb7bfdac67fc6589a6031acbf511c'
    const asked: string[] = []
    const { device, signer, prompts } = make({}, {
      apps: [
        ethereumApp({
          tokens: ({ address }) => {
            asked.push(address)
            return token
          },
        }),
      ],
    } as never)
    const account = chain.describe(await signer.publicKey(PATH))
    const usdt = chain.assets.find(({ symbol }) => symbol === 'USDT')!
    const draft = evmDraft(chain, account, {
      kind: 'pay',
      asset: usdt.id,
      to: STRANGER.evm,
      amount: 1_234_567n,
    })
    chain.checkSigned(await signer.sign({ chain, draft: await approvedDraft(chain, account, draft.payload) }))
    expect(asked).toEqual(['0xdAC17F958D2ee523a2206206994597C13D831ec7'])
    expect(prompts.at(-1)).toMatchObject({ what: 'transaction', blind: false })
    expect(JSON.stringify(device.shown.at(-1)!.fields)).toContain('1.234567')
  })

  it('is too long for the Tron app: its hash, only where that is wanted', async () => {
    const apps = [tronDeviceApp({ customContract: true, signByHash: true })]
    const strict = make({ apps })
    const account = tron.describe(await strict.signer.publicKey(TRON_PATH))
    const data = `0x12345678${'11'.repeat(300)}` as const
    const long = tronDraft(tron, account, { kind: 'call', to: STRANGER.tron, value: 0n, data }, 10_000_000n)
    const draft = await approvedDraft(tron, account, long.payload)
    await expect(strict.signer.sign({ chain: tron, draft })).rejects.toMatchObject({
      code: 'DEVICE_INVALID_DATA',
      message: expect.stringContaining('signByHash: true'),
    })
    const blind = make({ apps }, { apps: [tronApp({ signByHash: true })] } as never)
    tron.checkSigned(await blind.signer.sign({ chain: tron, draft }))
    expect(blind.prompts.at(-1)).toMatchObject({ what: 'transaction', blind: true })
    expect(blind.device.shown.at(-1)!.kind).toBe('hash')
  })

  it('wants a setting, and says which', async () => {
    const { signer } = make()
    const account = chain.describe(await signer.publicKey(PATH))
    const call = evmDraft(chain, account, { kind: 'call', to: STRANGER.evm, value: 0n, data: '0x12345678' })
    const draft = await approvedDraft(chain, account, call.payload)
    await expect(signer.sign({ chain, draft })).rejects.toMatchObject({
      code: 'DEVICE_SETTING',
      details: { setting: 'Blind signing' },
    })
    const onTron = tron.describe(await signer.publicKey(TRON_PATH))
    const note = tronDraft(tron, onTron, {
      kind: 'pay',
      asset: tron.coin.id,
      to: STRANGER.tron,
      amount: 1n,
      memo: 'c0ffee',
    })
    await expect(
      signer.sign({ chain: tron, draft: await approvedDraft(tron, onTron, note.payload) }),
    ).rejects.toMatchObject({ code: 'DEVICE_SETTING', details: { setting: 'Transactions data' } })
  })
})

describe('what a device that lies gets', () => {
  it('a signature over another transaction never leaves', async () => {
    const { signer, device } = make()
    const draft = await payment(signer)
    const liar = ledgerSigner({
      transport: async () => {
        const transport = await device.connect()
        const { exchange } = transport
        transport.exchange = async (apdu) => {
          const answer = await exchange(apdu)
          // The first byte of r.
          if (apdu[1] === 0x04) answer[1] = answer[1]! ^ 1
          return answer
        }
        return transport
      },
      apps: [ethereumApp()],
    })
    await expect(liar.sign({ chain, draft })).rejects.toMatchObject({ code: 'SIGNATURE_WRONG' })
  })

  it('the account of another device is told apart', async () => {
    const { signer } = make()
    const account = `[00000000/44h/60h/0h/0/0]eip155:1:${STRANGER.evm}`
    const draft = await approvedDraft(chain, account, evmDraft(chain, account).payload)
    await expect(signer.sign({ chain, draft })).rejects.toMatchObject({ code: 'WRONG_ACCOUNT' })
    await expect(signer.showAddress({ chain, account })).rejects.toMatchObject({ code: 'ADDRESS_MISMATCH' })
    const bare = `eip155:1:${STRANGER.evm}`
    await expect(signer.showAddress({ chain, account: bare })).rejects.toMatchObject({
      code: 'WRONG_ACCOUNT',
    })
  })
})

describe('addresses', () => {
  it('are shown, confirmed and returned', async () => {
    const { signer, device, prompts } = make()
    const account = chain.describe(await signer.publicKey(PATH))
    const address = account.slice(account.lastIndexOf(':') + 1)
    expect(await signer.showAddress({ chain, account })).toBe(address)
    expect(device.shown.at(-1)).toMatchObject({ kind: 'address', deed: 'approve' })
    expect(prompts.at(-1)).toEqual({ kind: 'confirm', app: 'Ethereum', what: 'address', blind: false })
    const onTron = tron.describe(await signer.publicKey(TRON_PATH))
    expect(onTron).toContain(await signer.showAddress({ chain: tron, account: onTron }))
    device.setPerson(() => 'refuse')
    await expect(signer.showAddress({ chain: tron, account: onTron })).rejects.toMatchObject({
      code: 'SIGNER_REFUSED',
    })
  })
})

describe('how it is made', () => {
  it('refuses what makes no signer', () => {
    const transport = { exchange: () => {}, send: () => {}, close: () => {} } as never
    for (const config of [
      { transport, apps: [] },
      { transport: undefined, apps: [ethereumApp()] },
      { transport, apps: [ethereumApp(), ethereumApp()] },
      { transport, apps: [ethereumApp()], fingerprint: 'F5ACC2FD' },
    ]) {
      const made = (): unknown => ledgerSigner(config as never)
      expect(made).toThrow(CofferError)
    }
    expect(isCofferError(new CofferError({ code: 'INVALID_REQUEST', message: '.' }), 'INVALID_REQUEST')).toBe(
      true,
    )
  })

  it('does nothing until it is used', () => {
    let opened = 0
    ledgerSigner({
      transport: () => {
        opened++
        return {} as never
      },
      apps: [ethereumApp()],
    })
    expect(opened).toBe(0)
  })

  it('knows the fingerprint that it was told', async () => {
    const { signer } = make({}, { fingerprint: 'f5acc2fd' })
    expect(await signer.publicKey(PATH)).toMatchObject({ fingerprint: 'f5acc2fd' })
  })

  it('says which paths it has for test networks', async () => {
    const { signer } = make()
    expect(signer.path!(tron, 2)).toBe('m/44h/195h/0h/0/2')
    expect(signer.path!(chain, 0)).toBeUndefined()
  })
})
