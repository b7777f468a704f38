import { isCofferError } from '@coffer/core'
import { decodeSigned, tron } from '@coffer/tron'
import { hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { approvedDraft } from '../approved.fixture.ts'
import { ledgerSigner, tronApp } from './index.ts'
import { type Recording, recordings, replay } from './replay.fixture.ts'
import { tronClients } from './tron.ts'

const all = recordings('trx-0.7.1.json')
const find = (id: string): Recording => all.find((one) => one.id === id)!
const chain = tron()
const PATH = 'm/44h/195h/0h/0/0'
const ADDRESS = find('address-display').expected.result.address as string
const ACCOUNT = `[f5acc2fd/44h/195h/0h/0/0]${chain.id}:${ADDRESS}`
/** The silent question for the key, which the signer asks before it signs. */
const ASIDE = {
  e002000015058000002c800000c3800000000000000000000000: find('address-display').apdus[0]![1],
}

/** What is recorded and not asked by the signer, with the reason. */
const NOT_OURS: Readonly<Record<string, string>> = {
  'app-config-off':
    'the signer asks for name and version alone; the app says itself when a setting is needed',
}

const ERRORS: Readonly<Record<string, object>> = {
  'address-rejected': { code: 'SIGNER_REFUSED' },
  'trx-transfer-rejected-off': { code: 'SIGNER_REFUSED' },
  'trx-transfer-rejected-on': { code: 'SIGNER_REFUSED' },
  'trx-transfer-data-off': { code: 'DEVICE_SETTING', details: { setting: 'Transactions data' } },
  'trc20-unknown-token-off': { code: 'DEVICE_SETTING', details: { setting: 'Custom contracts' } },
  'tip712-off': { code: 'DEVICE_SETTING', details: { setting: 'Sign by hash' } },
  // No command was sent: the field does not fit into one.
  'contract-call-long-off': { code: 'DEVICE_INVALID_DATA' },
  'contract-call-long-on': { code: 'DEVICE_INVALID_DATA' },
}

const METHODS: Readonly<Record<string, (recording: Recording) => Promise<unknown>>> = {
  send: async (recording) => {
    const signer = ledgerSigner({ transport: replay(recording).transport, apps: [tronApp()] })
    const { name, version } = await signer.app()
    return Buffer.from([
      1,
      name.length,
      ...Buffer.from(name),
      version.length,
      ...Buffer.from(version),
      1,
      0,
      0x90,
      0,
    ]).toString('hex')
  },
  getAddress: async (recording) => {
    const signer = ledgerSigner({ transport: replay(recording, ASIDE).transport, apps: [tronApp()] })
    return {
      ...find('address-display').expected.result,
      address: await signer.showAddress({ chain, account: ACCOUNT }),
    }
  },
  signTransaction: async ({ args: [, hex], ...recording }) => {
    const { transport, left } = replay(recording, ASIDE)
    const signer = ledgerSigner({ transport, apps: [tronApp()] })
    const { raw } = await signer.sign({ chain, draft: await approvedDraft(chain, ACCOUNT, `0x${hex}`) })
    expect(left()).toBe(0)
    return written(decodeSigned(raw).signatures[0]!)
  },
  signPersonalMessage: async ({ args: [, hex], ...recording }) => {
    const { transport, left } = replay(recording, ASIDE)
    const signer = ledgerSigner({ transport, apps: [tronApp()] })
    const signature = await signer.signMessage!({ chain, account: ACCOUNT, message: hexToBytes(hex) })
    expect(left()).toBe(0)
    return written(hexToBytes(signature.slice(2)))
  },
  signTransactionHash: async ({ args: [, hash], expected, ...recording }) => {
    const client = await tronClients.connect(replay(recording).transport)
    const signature = await client.signHash({ path: PATH, hash: hexToBytes(hash) })
    expect(signature).toEqual(hexToBytes(expected.result).subarray(0, 64))
    return expected.result
  },
  signTIP712HashedMessage: async ({ args: [, domainHash, messageHash], ...recording }) => {
    const words = tronApp().words
    const client = await tronClients.connect(replay(recording).transport)
    const hashes = { domainHash: hexToBytes(domainHash), messageHash: hexToBytes(messageHash) }
    try {
      return await client.signTypedDataHashes({ path: PATH, ...hashes })
    } catch (cause) {
      const { deviceError } = await import('../status.ts')
      throw deviceError(cause, { app: 'Tron', words })
    }
  },
}

/** The app writes v as 0 or 1, the network and TIP-191 as 27 or 28. */
function written(signature: Uint8Array): string {
  return Buffer.from([...signature.subarray(0, 64), signature[64]! % 27]).toString('hex')
}

describe('recordings of the Tron app 0.7.1', () => {
  for (const recording of all) {
    const { id, method, expected, description } = recording
    if (id in NOT_OURS) continue
    it(`${id}: ${description}`, async () => {
      const run = METHODS[method]!(recording)
      if (!expected.error) return expect(await run).toEqual(expected.result)
      const error: unknown = await run.catch((error: unknown) => error)
      expect(isCofferError(error)).toBe(true)
      expect(error).toMatchObject(ERRORS[id]!)
    })
  }
})
