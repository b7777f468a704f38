import { isCofferError } from '@coffer/core'
import {
  bnb,
  bnbNetwork,
  decodeSigned,
  decodeUnsigned,
  type EvmChain,
  ethereum,
  ethereumNetwork,
  evmChain,
} from '@coffer/evm'
import { hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { approvedDraft } from '../approved.fixture.ts'
import { ethereumClients } from './ethereum.ts'
import { ethereumApp, ledgerSigner } from './index.ts'
import { type Recording, recordings, replay } from './replay.fixture.ts'

const all = recordings('eth-1.23.0-dev.json')
const PATH = '[f5acc2fd/44h/60h/0h/0/0]'
const ADDRESS = '0xDad77910DbDFdE764fC21FCD4E74D71bBACA6D8D'
const KEY = all.find(({ id }) => id === 'address-display')!.apdus[0]![1]
/** The silent question for the key, which the signer asks before it signs. */
const ASIDE = { e002000015058000002c8000003c800000000000000000000000: KEY }

/** What is recorded and not asked by the signer, with the reason. */
const NOT_OURS: Readonly<Record<string, string>> = {
  'app-config': 'the signer asks for name and version alone; the app says itself when a setting is needed',
  'address-chaincode': 'an account of one key needs no chain code',
  'personal-empty': 'the library fails before it sends; refused with a sentence, below',
  'tx-7702-stock-off':
    "the library's own reader knows no EIP-7702; ours is given to it, as in tx-7702-ownparse-off",
  'tx-7702-stock-on':
    "the library's own reader knows no EIP-7702; ours is given to it, as in tx-7702-ownparse-off",
}

const chains: Readonly<Record<string, EvmChain>> = {
  '1': ethereum(),
  '56': bnb(),
  [String(0x1234567890)]: evmChain({ ...ethereumNetwork, id: `eip155:${0x1234567890}`, assets: [] } as never),
}

async function signed({ args: [, hex, resolution], ...recording }: Recording): Promise<unknown> {
  const payload = `0x${hex}`
  const chain = chains[String(decodeUnsigned(payload).chainId)]!
  const { transport, left } = replay(recording, ASIDE)
  const signer = ledgerSigner({
    transport,
    apps: [ethereumApp({ tokens: () => resolution?.erc20Tokens[0] })],
  })
  const { raw } = await signer.sign({
    chain,
    draft: await approvedDraft(chain, `${PATH}${chain.id}:${ADDRESS}`, payload),
  })
  expect(left()).toBe(0)
  const { r, s } = decodeSigned(raw).signature
  return { r: r.toString(16).padStart(64, '0'), s: s.toString(16).padStart(64, '0') }
}

const parts = (signature: string): unknown => ({ r: signature.slice(2, 66), s: signature.slice(66, 130) })

const METHODS: Readonly<Record<string, (recording: Recording) => Promise<unknown>>> = {
  signTransaction: signed,
  getAddress: async (recording) => {
    const { transport } = replay(recording, ASIDE)
    const signer = ledgerSigner({ transport, apps: [ethereumApp()] })
    const account = `${PATH}eip155:1:${ADDRESS}`
    return { address: await signer.showAddress({ chain: chains['1']!, account }) }
  },
  signPersonalMessage: async ({ args: [, hex], ...recording }) => {
    const { transport, left } = replay(recording, ASIDE)
    const signer = ledgerSigner({ transport, apps: [ethereumApp()] })
    const account = `${PATH}eip155:1:${ADDRESS}`
    const signature = await signer.signMessage!({ chain: chains['1']!, account, message: hexToBytes(hex) })
    expect(left()).toBe(0)
    return parts(signature)
  },
  signEIP712Message: async ({ args: [, typedData], ...recording }) => {
    const { transport, left } = replay(recording, ASIDE)
    const signer = ledgerSigner({ transport, apps: [ethereumApp()] })
    const account = `${PATH}eip155:1:${ADDRESS}`
    const signature = await signer.signTypedData!({ chain: chains['1']!, account, typedData })
    expect(left()).toBe(0)
    return parts(signature)
  },
  signEIP712HashedMessage: async ({ args: [, domainHash, messageHash], ...recording }) => {
    const client = await ethereumClients.connect(replay(recording).transport)
    const signature = await client.signTypedDataHashes({
      path: 'm/44h/60h/0h/0/0',
      domainHash: hexToBytes(domainHash),
      messageHash: hexToBytes(messageHash),
    })
    return parts(`0x${Buffer.from(signature).toString('hex')}`)
  },
}

const ERRORS: Readonly<Record<string, string>> = {
  'address-rejected': 'SIGNER_REFUSED',
  'personal-rejected': 'SIGNER_REFUSED',
  'tx-erc20-nores': 'DEVICE_SETTING',
  'tx-erc20-approve-nores': 'DEVICE_SETTING',
  'tx-1559-long': 'DEVICE_SETTING',
  'tx-bep20-usdt-off': 'DEVICE_SETTING',
  'tx-data-off': 'DEVICE_SETTING',
  'tx-data-long-off': 'DEVICE_SETTING',
  'eip712-permit-off': 'DEVICE_SETTING',
  'eip712-mail-off': 'DEVICE_SETTING',
}

describe('recordings of the Ethereum app 1.23.0-dev', () => {
  for (const recording of all) {
    const { id, method, expected, description } = recording
    if (id in NOT_OURS || id === 'app-and-version' || id === 'auth-7702-on' || id === 'tx-7702-ownparse-off')
      continue
    it(`${id}: ${description}`, async () => {
      const run = METHODS[method]!(recording)
      if (!expected.error) return expect(expected.result).toMatchObject((await run) as object)
      const error = await run.then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(isCofferError(error) && error.code).toBe(ERRORS[id])
    })
  }

  it('app-and-version: is what the signer says is open', async () => {
    const recording = all.find(({ id }) => id === 'app-and-version')!
    const signer = ledgerSigner({ transport: replay(recording).transport, apps: [ethereumApp()] })
    expect(await signer.app()).toEqual({ name: 'Ethereum', version: '1.23.0-dev' })
  })

  it('auth-7702-on: an authorisation, by the same command', async () => {
    const recording = all.find(({ id }) => id === 'auth-7702-on')!
    const client = await ethereumClients.connect(replay(recording).transport)
    const signature = await client.signAuthorization({
      path: 'm/44h/60h/0h/0/0',
      chainId: 1n,
      address: '0x4cd241e8d1510e30b2076397afc7508ae59c66c9',
      nonce: 1n,
    })
    expect(recording.expected.result.slice(2, 130)).toBe(Buffer.from(signature).toString('hex'))
  })

  it('tx-7702-ownparse-off: with an authorisation of somebody else, which our own drafts have not', async () => {
    const recording = all.find(({ id }) => id === 'tx-7702-ownparse-off')!
    const client = await ethereumClients.connect(replay(recording).transport)
    const signature = await client.signTransaction({
      path: 'm/44h/60h/0h/0/0',
      transaction: hexToBytes(recording.args[1]),
      tokens: [],
    })
    const { r, s } = recording.expected.result
    expect(Buffer.from(signature).toString('hex')).toBe(r + s)
  })

  it('personal-empty: is refused with a sentence', async () => {
    const { transport } = replay({ app: all[0]!.app, apdus: [] })
    const signer = ledgerSigner({ transport, apps: [ethereumApp()] })
    const account = `${PATH}eip155:1:${ADDRESS}`
    await expect(signer.signMessage!({ chain: chains['1']!, account, message: '' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })

  it('names a reason for each recording that is not replayed', () => {
    for (const id of Object.keys(NOT_OURS)) expect(all.map((one) => one.id)).toContain(id)
    expect(bnbNetwork.id).toBe('eip155:56')
  })
})
