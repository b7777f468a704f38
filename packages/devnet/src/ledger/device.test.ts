import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type LedgerDevice, type LedgerDeviceOptions, ledgerDevice } from './device.ts'
import { ethereumDeviceApp } from './ethereum.ts'
import { bytes, hex, MNEMONIC, withPath } from './exchange.fixture.ts'
import { tronDeviceApp } from './tron.ts'

const device = (options: Partial<LedgerDeviceOptions> = {}): LedgerDevice =>
  ledgerDevice({ mnemonic: MNEMONIC, apps: [ethereumDeviceApp(), tronDeviceApp()], ...options })

const NAME_OF_APP = 'b001000000'
const CLOSE_APP = 'b0a7000000'
const openApp = (name: string): string =>
  `e0d80000${name.length.toString(16).padStart(2, '0')}${Buffer.from(name).toString('hex')}`
const ETHEREUM_ADDRESS = 'e002000015058000002c8000003c800000000000000000000000'
const SHOWN_ADDRESS = 'e002010015058000002c8000003c800000000000000000000000'

const exchange = async (on: LedgerDevice, command: string): Promise<string> =>
  hex(await on.exchange(bytes(command)))
const nameOf = (answer: string): string => {
  const data = bytes(answer)
  return Buffer.from(data.slice(2, 2 + data[1]!)).toString()
}
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

describe('opening and closing apps', () => {
  it('starts at the dashboard, which knows none of the apps’ commands', async () => {
    const on = device()
    expect(on.app).toBe('BOLOS')
    expect(nameOf(await exchange(on, NAME_OF_APP))).toBe('BOLOS')
    expect(await exchange(on, ETHEREUM_ADDRESS)).toBe('6e00')
  })

  it('opens an app after asking, and closes it', async () => {
    const on = device()
    expect(await exchange(on, openApp('Tron'))).toBe('9000')
    expect(on.shown).toEqual([
      { app: 'BOLOS', kind: 'open app', fields: [['App', 'Tron']], warnings: [], deed: 'approve' },
    ])
    expect(on.app).toBe('Tron')
    expect(nameOf(await exchange(on, NAME_OF_APP))).toBe('Tron')
    expect(await exchange(on, CLOSE_APP)).toBe('9000')
    expect(on.app).toBe('BOLOS')
  })

  it('answers 5501 when its owner refuses, 6807 for an app that is not installed', async () => {
    const on = device({ person: () => 'refuse' })
    expect(await exchange(on, openApp('Tron'))).toBe('5501')
    expect(await exchange(on, openApp('Dogecoin'))).toBe('6807')
    expect(on.app).toBe('BOLOS')
  })

  it('opens no app from within another', async () => {
    expect(await exchange(device({ open: 'Ethereum' }), openApp('Tron'))).toBe('6d00')
  })

  it('answers 6982 or 6a15 for keys of the other chain', async () => {
    expect(await exchange(device({ open: 'Tron' }), ETHEREUM_ADDRESS)).toBe('6982')
    const tronPath = withPath("44'/195'/0'/0/0")
    expect(await exchange(device({ open: 'Ethereum' }), `e002000015${hex(tronPath)}`)).toBe('6a15')
  })

  it('forgets what an app was doing when it closes', async () => {
    const on = device({ open: 'Ethereum' })
    const first = withPath("44'/60'/0'/0/0", bytes('000000026869').slice(0, 5))
    expect(await exchange(on, `e0080000${first.length.toString(16)}${hex(first)}`)).toBe('9000')
    on.open('Ethereum')
    expect(await exchange(on, 'e00880000169')).toBe('6a80')
  })
})

describe('the lock', () => {
  it('answers 5515 to everything until it is unlocked', async () => {
    const on = device({ open: 'Ethereum' })
    on.lock()
    expect(await exchange(on, ETHEREUM_ADDRESS)).toBe('5515')
    expect(await exchange(on, NAME_OF_APP)).toBe('5515')
    on.unlock()
    expect(await exchange(on, ETHEREUM_ADDRESS)).toMatch(/9000$/)
  })

  it('is an error with a name of its own at the transport', async () => {
    const on = device({ open: 'Ethereum' })
    const transport = await on.connect()
    on.lock()
    await expect(transport.send(0xe0, 0x02, 0, 0)).rejects.toMatchObject({
      name: 'LockedDeviceError',
      statusCode: 0x5515,
    })
  })
})

describe('the cable', () => {
  it('ends a command that waits for its owner', async () => {
    const on = device({ open: 'Ethereum', person: () => 'unplug' })
    const transport = await on.connect()
    let dropped = 0
    transport.on('disconnect', () => dropped++)
    await expect(transport.exchange(Buffer.from(SHOWN_ADDRESS, 'hex'))).rejects.toMatchObject({
      name: 'DisconnectedDeviceDuringOperation',
    })
    expect(dropped).toBe(1)
    await expect(transport.exchange(Buffer.from(NAME_OF_APP, 'hex'))).rejects.toMatchObject({
      name: 'DisconnectedDevice',
    })
    await expect(on.connect()).rejects.toMatchObject({ name: 'DisconnectedDevice' })
    on.plug()
    const again = await on.connect()
    expect(nameOf(hex(await again.exchange(Buffer.from(NAME_OF_APP, 'hex'))))).toBe('BOLOS')
  })

  it('ends one whose owner takes his time', async () => {
    const on = device({ open: 'Ethereum', person: () => new Promise<'approve'>(() => {}) })
    const transport = await on.connect()
    const waits = transport.exchange(Buffer.from(SHOWN_ADDRESS, 'hex'))
    await turn()
    on.unplug()
    await expect(waits).rejects.toMatchObject({ name: 'DisconnectedDeviceDuringOperation' })
  })

  it('is reconnected when an app opens or closes', async () => {
    const on = device()
    const transport = await on.connect()
    let dropped = 0
    transport.on('disconnect', () => dropped++)
    await transport.exchange(Buffer.from(openApp('Ethereum'), 'hex'))
    await turn()
    expect(dropped).toBe(1)
    const next = await on.connect()
    expect(nameOf(hex(await next.exchange(Buffer.from(NAME_OF_APP, 'hex'))))).toBe('Ethereum')
  })

  it('stays where the device says so', async () => {
    const on = device({ reconnects: false })
    const transport = await on.connect()
    await transport.exchange(Buffer.from(openApp('Ethereum'), 'hex'))
    await turn()
    expect(nameOf(hex(await transport.exchange(Buffer.from(NAME_OF_APP, 'hex'))))).toBe('Ethereum')
  })
})

describe('one thing at a time', () => {
  it('refuses a command while another runs', async () => {
    let approve = (): void => {}
    const person = (): Promise<'approve'> =>
      new Promise((resolve) => {
        approve = () => resolve('approve')
      })
    const transport = await device({ open: 'Ethereum', person }).connect()
    const first = transport.exchange(Buffer.from(SHOWN_ADDRESS, 'hex'))
    await expect(transport.exchange(Buffer.from(NAME_OF_APP, 'hex'))).rejects.toMatchObject({
      name: 'TransportRaceCondition',
    })
    await turn()
    approve()
    expect(hex(await first)).toMatch(/9000$/)
    expect(hex(await transport.exchange(Buffer.from(NAME_OF_APP, 'hex')))).toMatch(/9000$/)
  })

  it('locks the methods of a client', async () => {
    const transport = await device({ open: 'Ethereum' }).connect()
    const client = { both: async () => hex(await transport.send(0xe0, 0x06, 0, 0)) }
    transport.decorateAppAPIMethods(client, ['both'], 'w0w')
    const first = client.both()
    await expect(client.both()).rejects.toMatchObject({ id: 'TransportLocked' })
    expect(await first).toBe('020117009000')
  })
})

describe('a command that is none', () => {
  it('is answered 6a87', async () => {
    const on = device({ open: 'Ethereum' })
    expect(await exchange(on, 'e0')).toBe('6a87')
    expect(await exchange(on, 'e00200000401')).toBe('6a87')
  })
})

interface Recording {
  readonly id: string
  readonly app: { readonly name: string }
  readonly mnemonic: string
  readonly apdus: readonly (readonly [command: string, answer: string])[]
}

const read = (name: string): readonly Recording[] =>
  JSON.parse(
    readFileSync(new URL(`../../../../test/ledger/recordings/${name}.json`, import.meta.url), 'utf8'),
  )

describe('errors as recorded', () => {
  const recordings = read('errors-speculos')
  const mine = recordings.filter(({ app }) => app.name !== 'Bitcoin')

  it('leaves those of the Bitcoin app to its own tests', () => {
    expect(recordings.length - mine.length).toBe(5)
    expect(mine).toHaveLength(9)
  })

  it.each(mine)('$id', async ({ app, mnemonic, apdus }) => {
    const on = device({ mnemonic, open: app.name })
    for (const [command, answer] of apdus) expect(await exchange(on, command)).toBe(answer)
  })
})

describe('errors that were made up', () => {
  /** What none of them can be answered here, and why. */
  const NOT_REPRODUCED: Readonly<Record<string, string>> = {
    'synthetic-6982': 'the lock of older firmware',
    'synthetic-5501': 'is the answer to opening an app, tested above; the command asks for an address',
    'synthetic-6985': 'the command shows nothing that could be refused',
    'synthetic-6e01': 'the bootloader',
    'synthetic-6d00': 'every app that is simulated knows the command',
    'synthetic-6d07': 'a device that was not set up',
    'synthetic-6807': 'is the answer to opening an app, tested above; the command asks for an address',
    'synthetic-6f00': 'an internal error',
    'synthetic-6faa': 'a halted device',
    'synthetic-b007': 'the Bitcoin app, and no command of its own',
    'synthetic-b008': 'the Bitcoin app, and no command of its own',
    'synthetic-6d02': 'another dashboard',
  }
  const recordings = read('errors-synthetic')
  const reproduced = recordings.filter(({ id }) => !(id in NOT_REPRODUCED))

  it('are those of a lock and of a class', () => {
    expect(reproduced.map(({ id }) => id)).toEqual(['synthetic-5515', 'synthetic-6e00'])
    expect(recordings).toHaveLength(14)
  })

  it.each(reproduced)('$id', async ({ id, apdus }) => {
    const on = device()
    if (id === 'synthetic-5515') on.lock()
    for (const [command, answer] of apdus) expect(await exchange(on, command)).toBe(answer)
  })
})
