import { type ErrorCode, isCofferError } from '@coffer/core'
import { describe, expect, it } from 'vitest'
import { bitcoinApp, ethereumApp, ledgerSigner, tronApp } from './index.ts'
import { type Recording, recordings, replay } from './replay.fixture.ts'

const ETHEREUM_KEY = 'm/44h/60h/0h/0/0'
const apps = [bitcoinApp(), ethereumApp(), tronApp()]

async function codeOf(run: Promise<unknown>): Promise<ErrorCode | 'none' | 'not ours'> {
  try {
    await run
    return 'none'
  } catch (error) {
    if (!isCofferError(error)) return 'not ours'
    expect(error.message).toMatch(/\.$/)
    return error.code
  }
}

/** What each word means to a person who asked the Ethereum app for a key. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  '5515': 'DEVICE_LOCKED',
  '6982': 'DEVICE_LOCKED',
  '5501': 'SIGNER_REFUSED',
  '6985': 'SIGNER_REFUSED',
  '6e00': 'DEVICE_WRONG_APP',
  '6e01': 'DEVICE_WRONG_APP',
  '6d00': 'DEVICE_APP_OLD',
  '6d02': 'DEVICE_WRONG_APP',
  '6d07': 'DEVICE_FAILED',
  '6807': 'DEVICE_APP_MISSING',
  '6f00': 'DEVICE_FAILED',
  '6faa': 'DEVICE_FAILED',
  b007: 'DEVICE_FAILED',
  b008: 'DEVICE_FAILED',
}

describe('status words', () => {
  for (const recording of recordings('errors-synthetic.json'))
    it(`${recording.id}: ${recording.description}`, async () => {
      const app = { name: 'Ethereum', version: '1.23.0' }
      const signer = ledgerSigner({ transport: replay({ ...recording, app }).transport, apps })
      const word = recording.apdus[0]![1]
      expect(await codeOf(signer.publicKey(ETHEREUM_KEY))).toBe(CODES[word])
    })

  it('has a sentence for each of them that tells what to do', async () => {
    const recording = recordings('errors-synthetic.json').find(({ id }) => id === 'synthetic-5515')!
    const signer = ledgerSigner({
      transport: replay({ ...recording, app: { name: 'Ethereum', version: '1.23.0' } }).transport,
      apps,
    })
    await expect(signer.publicKey(ETHEREUM_KEY)).rejects.toMatchObject({
      message: 'The Ledger is locked. Unlock it with its PIN and try again.',
      retryable: true,
      details: { app: 'Ethereum', statusWord: '0x5515' },
    })
  })
})

/** Which app is open decides, and not what it answers to the commands of another: that is not the same word in any two of them. */
const ASKS: Readonly<Record<string, readonly [path: string, app: string]>> = {
  'ethereum-btc-fingerprint': ['m/84h/0h/0h', 'Bitcoin'],
  'bitcoin-trx-getaddress': ['m/44h/195h/0h/0/0', 'Tron'],
  'tron-eth-getaddress': ['m/44h/60h/0h/0/0', 'Ethereum'],
}

describe('recorded in an app', () => {
  const all = recordings('errors-speculos.json')
  for (const [id, [path, expected]] of Object.entries(ASKS))
    it(`${id}: another app is open`, async () => {
      const { app } = all.find((one) => one.id === id) as Recording
      const { transport } = replay({ app, apdus: [] })
      const signer = ledgerSigner({ transport, apps, openApps: false })
      await expect(signer.publicKey(path)).rejects.toMatchObject({
        code: 'DEVICE_WRONG_APP',
        details: { expected, found: app.name },
      })
    })

  it('names what is open in each of them', async () => {
    for (const recording of all.filter(({ id }) => id.endsWith('-app-and-version'))) {
      const signer = ledgerSigner({ transport: replay(recording).transport, apps })
      expect(await signer.app()).toMatchObject({ name: recording.app.name, version: recording.app.version })
    }
  })

  it('bitcoin-btc-fingerprint, ethereum-eth-getaddress, tron-trx-getaddress: keys of the open app', async () => {
    const xpub =
      'xpub6DUYn4moKgHkK2d7bXX3mHTPb6XQwRVFRMdZ6ZwLS5u3nonGVpJiFeZiQkHutwdFqxKP75jex8gvVm7ed4euYeDtMnoiF1Cz1z4CeBJYWin'
    const aside = { e10000010e0003800000548000000080000000: `${Buffer.from(xpub).toString('hex')}9000` }
    const cases = [
      ['bitcoin-btc-fingerprint', 'm/84h/0h/0h', 'f5acc2fd'],
      ['ethereum-eth-getaddress', 'm/44h/60h/0h/0/0', '00000000'],
      ['tron-trx-getaddress', 'm/44h/195h/0h/0/0', '00000000'],
    ] as const
    for (const [id, path, fingerprint] of cases) {
      const { transport, left } = replay(all.find((one) => one.id === id) as Recording, aside)
      const signer = ledgerSigner({ transport, apps })
      expect(await signer.publicKey(path)).toMatchObject({ path, fingerprint })
      expect(left()).toBe(0)
    }
  })
})
