import { ethereumDeviceApp, type LedgerDevice, ledgerDevice, tronDeviceApp } from '@coffer/devnet/ledger'
import { ethereum } from '@coffer/evm'
import { tronDevnet } from '@coffer/tron'
import { afterEach, describe, expect, it } from 'vitest'
import { ethereumLedgerApp } from '../apps/ethereum.ts'
import { tronLedgerApp } from '../apps/tron.ts'
import { MNEMONIC } from '../drafts.fixture.ts'
import { type LedgerSigner, ledgerSigner } from '../ledger-signer.ts'
import { forbidNetwork } from '../no-network.fixture.ts'
import { ethereumClients } from './ethereum.ts'
import { connectDmk } from './simulator.fixture.ts'
import { tronClients } from './tron.ts'

const ETHEREUM_PATH = 'm/44h/60h/0h/0/0'
const TRON_PATH = 'm/44h/195h/0h/0/0'

const kits: { close(): void }[] = []
afterEach(() => {
  for (const kit of kits.splice(0)) kit.close()
})

async function connect(device: LedgerDevice, options?: { polls?: boolean; model?: string }) {
  const transport = await connectDmk(device, options)
  kits.push(transport.dmk)
  return transport
}

const apps = [ethereumLedgerApp(ethereumClients, {}), tronLedgerApp(tronClients, {})]

function plugged(blindSigning = true): LedgerDevice {
  return ledgerDevice({
    mnemonic: MNEMONIC,
    apps: [
      ethereumDeviceApp({ blindSigning }),
      tronDeviceApp({ data: true, customContract: true, signByHash: true }),
    ],
  })
}

const typedData = {
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'age', type: 'int8' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person[2]' },
      { name: 'grid', type: 'uint16[][2]' },
      { name: 'text', type: 'string' },
      { name: 'tags', type: 'bytes4[]' },
      { name: 'empty', type: 'bytes' },
      { name: 'none', type: 'Person[]' },
      { name: 'yes', type: 'bool' },
      { name: 'big', type: 'uint256' },
    ],
  },
  primaryType: 'Mail',
  domain: { name: 'Ether Mail', version: '1', chainId: '1' },
  message: {
    from: { name: 'Ann', age: -5 },
    to: [
      { name: 'Bob', age: 7 },
      { name: '', age: 0 },
    ],
    grid: [[1, 2, 3], []],
    text: 'a longer text, '.repeat(40),
    tags: ['0x01020304', '0xffffffff'],
    empty: '0x',
    none: [],
    yes: true,
    big: (2n ** 256n - 1n).toString(),
  },
}

async function account(signer: LedgerSigner): Promise<string> {
  return ethereum().describe(await signer.publicKey(ETHEREUM_PATH))
}

describe('the kit with a simulated device', () => {
  forbidNetwork()

  it('opens one app after the other in one session, through what USB does then', async () => {
    const device = plugged()
    const signer = ledgerSigner({ transport: await connect(device), apps })
    await signer.publicKey(ETHEREUM_PATH)
    expect(device.app).toBe('Ethereum')
    await signer.publicKey(TRON_PATH)
    expect(device.app).toBe('Tron')
    await signer.publicKey(ETHEREUM_PATH)
    expect(device.shown.map(({ kind }) => kind)).toEqual(['open app', 'open app', 'open app'])
  })

  it('works while the kit asks the device once a second how it is', async () => {
    const device = plugged()
    const wait = () => new Promise((resolve) => setTimeout(resolve, 1_200))
    device.setPerson(async () => {
      await wait()
      return 'approve' as const
    })
    const signer = ledgerSigner({ transport: await connect(device, { polls: true }), apps })
    const own = await account(signer)
    const before = device.log.length
    await wait()
    expect(device.log.length).toBeGreaterThan(before)
    const signature = await signer.signMessage!({ chain: ethereum(), account: own, message: 'hello' })
    expect(signature).toMatch(/^0x[0-9a-f]{130}$/)
  })

  it('signs typed data of every kind field by field', async () => {
    const device = plugged()
    const signer = ledgerSigner({ transport: await connect(device), apps })
    await signer.signTypedData!({ chain: ethereum(), account: await account(signer), typedData })
    expect(device.shown.at(-1)!.kind).toBe('typed data')
    expect(device.log.some(([command]) => command.startsWith('e00c0000'))).toBe(false)
  })

  it('names the setting where the device will not show typed data, and shows no hash instead', async () => {
    const device = plugged(false)
    const signer = ledgerSigner({ transport: await connect(device), apps })
    const run = signer.signTypedData!({ chain: ethereum(), account: await account(signer), typedData })
    await expect(run).rejects.toMatchObject({
      code: 'DEVICE_SETTING',
      details: { setting: 'Blind signing' },
    })
    expect(device.log.some(([command]) => command.startsWith('e00c0000'))).toBe(false)
  })

  it('asks no person about checks that need servers, on devices that have them', async () => {
    const device = plugged()
    const signer = ledgerSigner({ transport: await connect(device, { model: 'stax' }), apps })
    await signer.signTypedData!({ chain: ethereum(), account: await account(signer), typedData })
    expect(device.log.some(([command]) => command.startsWith('e032'))).toBe(false)
  })

  it('tells of a refusal, a lock and a pulled cable', async () => {
    const device = plugged()
    const signer = ledgerSigner({ transport: () => connect(device), apps })
    const own = await account(signer)
    const sign = () => signer.signMessage!({ chain: ethereum(), account: own, message: 'hello' })
    device.setPerson(() => 'refuse')
    await expect(sign()).rejects.toMatchObject({ code: 'SIGNER_REFUSED' })
    device.lock()
    await expect(sign()).rejects.toMatchObject({ code: 'DEVICE_LOCKED' })
    device.unlock()
    device.setPerson(() => 'unplug')
    await expect(sign()).rejects.toMatchObject({ code: 'DEVICE_DISCONNECTED' })
    await expect(sign()).rejects.toMatchObject({ code: 'DEVICE_DISCONNECTED' })
    device.plug()
    device.setPerson(() => 'approve')
    await expect(sign()).resolves.toMatch(/^0x/)
  })

  it('signs for Tron: an address, a message and the hashes of typed data', async () => {
    const device = plugged()
    const chain = tronDevnet()
    const signer = ledgerSigner({ transport: await connect(device), apps })
    const own = chain.describe(await signer.publicKey(TRON_PATH))
    expect(own).toContain(await signer.showAddress({ chain, account: own }))
    await signer.signMessage!({ chain, account: own, message: 'x'.repeat(1_000) })
    const domain = { ...typedData.domain, chainId: 0xc0ffe001n.toString() }
    await signer.signTypedData!({ chain, account: own, typedData: { ...typedData, domain } })
  })

  it('closes the session', async () => {
    const device = plugged()
    const signer = ledgerSigner({ transport: () => connect(device), apps })
    await signer.publicKey(ETHEREUM_PATH)
    await signer.close()
    await signer.publicKey(ETHEREUM_PATH)
    expect(kits).toHaveLength(2)
  })
})
