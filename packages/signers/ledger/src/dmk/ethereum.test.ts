import { hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import type { TypedDataJson } from '../clients.ts'
import { type Recording, recordings } from '../ledgerjs/replay.fixture.ts'
import { forbidNetwork } from '../no-network.fixture.ts'
import { ethereumClients } from './ethereum.ts'
import { hex, replayed, wordOf } from './replay.fixture.ts'

const all = recordings('eth-1.23.0-dev.json')
const find = (id: string): Recording => all.find((one) => one.id === id)!
const PATH = 'm/44h/60h/0h/0/0'
const ASK_KEY = '15058000002c8000003c800000000000000000000000'
/** The kit asks for settings, key and a challenge before it signs. */
const ASIDE = {
  e006000000: '020117009000',
  [`e0020000${ASK_KEY}`]: find('address-display').apdus[0]![1],
  e020000000: '000000019000',
}

async function open(recording: Pick<Recording, 'app' | 'apdus'>) {
  const { transport, left } = await replayed(recording, ASIDE)
  return { client: await ethereumClients.connect(transport), left }
}

type Run = (recording: Recording) => Promise<{ readonly run: Promise<unknown>; readonly left: () => number }>

const METHODS: Readonly<Record<string, Run>> = {
  signTransaction: async ({ args: [, transaction, resolution], ...recording }) => {
    const { client, left } = await open(recording)
    const tokens = resolution?.erc20Tokens ?? []
    const run = client.signTransaction({ path: PATH, transaction: hexToBytes(transaction), tokens })
    return { run: run.then(parts), left }
  },
  signPersonalMessage: async ({ args: [, message], ...recording }) => {
    const { client, left } = await open(recording)
    return { run: client.signMessage({ path: PATH, message: hexToBytes(message) }).then(parts), left }
  },
  signEIP712Message: async ({ args: [, typedData], ...recording }) => {
    const { client, left } = await open(recording)
    return { run: client.signTypedData({ path: PATH, typedData: json(typedData) }).then(parts), left }
  },
  signEIP712HashedMessage: async ({ args: [, domainHash, messageHash], ...recording }) => {
    const { client, left } = await open(recording)
    const hashes = { domainHash: hexToBytes(domainHash), messageHash: hexToBytes(messageHash) }
    return { run: client.signTypedDataHashes({ path: PATH, ...hashes }).then(parts), left }
  },
  getAddress: async ({ apdus, ...recording }) => {
    // The kit always names a chain id when it shows an address.
    const asked = apdus.map(([command, answer]) => [withChainId(command), answer] as const)
    const { client, left } = await open({ ...recording, apdus: asked })
    const run = client.publicKey({ path: PATH, show: true })
    return { run: run.then(({ publicKey, address }) => ({ publicKey: hex(publicKey), address })), left }
  },
}

const withChainId = (command: string): string =>
  command.replace(/^e002010[01]15/, 'e00201001d').concat('0000000000000001')

const parts = (signature: Uint8Array): unknown => ({
  r: hex(signature.subarray(0, 32)),
  s: hex(signature.subarray(32)),
})

/** As typed data come to a client: numbers are decimal strings. */
function json(typedData: TypedDataJson): TypedDataJson {
  return JSON.parse(JSON.stringify(typedData), (_, value: unknown) =>
    typeof value === 'number' ? String(value) : value,
  ) as TypedDataJson
}

/** What is recorded of `ledgerjs` and is nothing that a client is asked. */
const NOT_OURS = ['app-config', 'app-and-version', 'address-chaincode', 'personal-empty', 'auth-7702-on']

describe('recordings of the Ethereum app, by the kit', () => {
  forbidNetwork()
  for (const recording of all) {
    const { id, method, expected, apdus } = recording
    if (NOT_OURS.includes(id) || apdus.length === 0) continue
    it(id, async () => {
      const { run, left } = await METHODS[method]!(recording)
      if (expected.error) expect(await wordOf(run)).toBe(`0x${apdus.at(-1)![1]}`)
      else expect(expected.result).toMatchObject((await run) as object)
      expect(left()).toBe(0)
    })
  }

  it('auth-7702-on', async () => {
    const recording = find('auth-7702-on')
    const { client, left } = await open(recording)
    const signature = await client.signAuthorization({
      path: PATH,
      chainId: 1n,
      address: '0x4cd241e8d1510e30b2076397afc7508ae59c66c9',
      nonce: 1n,
    })
    expect(hex(signature)).toBe(recording.expected.result.slice(2, 130))
    expect(left()).toBe(0)
  })
})

describe('what the kit does beyond what is asked', () => {
  forbidNetwork()
  const { apdus, args, app } = find('tx-data-off')
  const transaction = hexToBytes(args[1])

  it('a transaction that the device refused to read is not sent a second time', async () => {
    const [[command, answer]] = apdus as [readonly [string, string]]
    const { client, left } = await open({
      app,
      apdus: [
        [command, answer],
        [command, answer],
      ],
    })
    expect(await wordOf(client.signTransaction({ path: PATH, transaction, tokens: [] }))).toBe('0x6a80')
    expect(left()).toBe(1)
  })

  it('typed data of which the device refused a field are not signed by their hashes', async () => {
    const typed = find('eip712-permit-off')
    const hashed = find('eip712-hashed-on').apdus[0]!
    const { client, left } = await open({ app, apdus: [...typed.apdus, [hashed[0], hashed[1]]] })
    const typedData = json(typed.args[1])
    expect(await wordOf(client.signTypedData({ path: PATH, typedData }))).toBe(`0x${typed.apdus.at(-1)![1]}`)
    expect(left()).toBe(1)
  })

  it('typed data that the kit cannot read are not signed by their hashes', async () => {
    const hashed = find('eip712-hashed-on').apdus[0]!
    const { client, left } = await open({ app, apdus: [hashed] })
    // Bytes as an array: the kit's own reader knows hex alone, what makes the hashes knows both.
    const typedData = {
      types: { EIP712Domain: [{ name: 'name', type: 'string' }], Note: [{ name: 'data', type: 'bytes' }] },
      primaryType: 'Note',
      domain: { name: 'Notes' },
      message: { data: new Uint8Array(3) },
    }
    await expect(client.signTypedData({ path: PATH, typedData })).rejects.toMatchObject({
      _tag: 'TypedDataNotUnderstood',
    })
    expect(left()).toBe(1)
  })
})
