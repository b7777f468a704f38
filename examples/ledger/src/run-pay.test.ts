import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { regtestNetwork } from '@coffer/bitcoin'
import type { LedgerDevice, Screen } from '@coffer/devnet/ledger'
import { afterAll, describe, expect, it } from 'vitest'
import { simulatedDevice } from './devices.ts'
import { type Io, runPay } from './run-pay.ts'
import { openTcp } from './tcp-transport.ts'

const TO = {
  bitcoin: regtestNetwork.sample,
  ethereum: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  tron: 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM',
}
const chains = ['bitcoin', 'ethereum', 'tron'] as const

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

/** The port of a server that speaks Speculos' protocol for a simulated device, which comes in two pieces at times. */
async function served(device: LedgerDevice): Promise<number> {
  const server = createServer((socket) => void serve(socket, device).catch(() => socket.destroy()))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function serve(socket: Socket, device: LedgerDevice): Promise<void> {
  socket.on('error', () => {})
  const transport = await device.connect()
  transport.on('disconnect', () => socket.destroy())
  let bytes = Buffer.alloc(0)
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
      const end = 4 + bytes.readUInt32BE(0)
      const answer = await transport.exchange(bytes.subarray(4, end))
      bytes = bytes.subarray(end)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(answer.length - 2)
      socket.write(length.subarray(0, 2))
      socket.write(Buffer.concat([length.subarray(2), answer]))
    }
  }
}

/** Somebody who keeps what was said and shown. */
function someone(
  deed: 'approve' | 'refuse' | 'unplug' = 'approve',
): Io & { readonly said: string[]; readonly shown: Screen[] } {
  const said: string[] = []
  const shown: Screen[] = []
  return {
    said,
    shown,
    say: (line) => said.push(line),
    person: (screen) => {
      shown.push(screen)
      return screen.kind === 'open app' ? 'approve' : deed
    },
  }
}

const order = (chain: keyof typeof TO, more: string): string[] =>
  `--chain ${chain} --to ${TO[chain]} --amount 0.25 ${more}`.split(' ')

describe('the script', () => {
  it.each(chains)('pays on %s with the simulated device', async (chain) => {
    const io = someone()
    expect(await runPay(order(chain, '--simulator'), io)).toMatchObject({ state: 'confirmed' })
    expect(io.shown.map(({ kind }) => kind)).toEqual(['open app', 'transaction'])
    expect(io.said.filter((line) => line.startsWith('Check your Ledger'))).toHaveLength(2)
    expect(io.said.join('\n')).toContain(`to ${TO[chain]}`)
  })

  it.each(chains)('pays on %s over TCP', async (chain) => {
    const { person, shown, ...io } = someone()
    const port = await served(simulatedDevice(person))
    const status = await runPay(order(chain, `--tcp 127.0.0.1:${port}`), { ...io, person })
    expect(status).toMatchObject({ state: 'confirmed' })
    expect(shown.map(({ kind }) => kind)).toEqual(['open app', 'transaction'])
  })

  it.each([
    ['refuse', 'SIGNER_REFUSED'],
    ['unplug', 'DEVICE_DISCONNECTED'],
  ] as const)('pays nothing when the answer at the device is to %s', async (deed, code) => {
    await expect(runPay(order('ethereum', '--simulator'), someone(deed))).rejects.toMatchObject({ code })
    const { person, ...io } = someone(deed)
    const port = await served(simulatedDevice(person))
    const overTcp = runPay(order('ethereum', `--tcp 127.0.0.1:${port}`), { ...io, person })
    await expect(overTcp).rejects.toMatchObject({ code })
  })

  it.each([
    ['--chain ethereum', /^npm run pay/],
    ['--chain dogecoin --to D --amount 1', /^npm run pay/],
    ['--chain ethereum --to 0x --amount 1 --shout', /--shout/],
    ['--chain ethereum --to 0x --amount 1 --network main', /--node/],
    ['--chain ethereum --to 0x --amount 1 --network main --node http://127.0.0.1:1 --simulator', /words/],
    ['--chain ethereum --to 0x --amount 1 --hid --simulator', /One Ledger/],
    ['--chain ethereum --to 0x --amount 1 --tcp nowhere', /host and a port/],
  ])('says what is wrong with %s', async (line, message) => {
    await expect(runPay(line.split(' '), someone())).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(message),
    })
  })

  it('says what a Ledger on USB needs, or that there is none', async () => {
    await expect(runPay(order('ethereum', '--hid'), someone())).rejects.toMatchObject({
      code: expect.stringMatching(/^(MISSING_DEPENDENCY|DEVICE_DISCONNECTED)$/),
    })
  })
})

describe('the transport over TCP', () => {
  const VERSION = Uint8Array.of(0xb0, 0x01, 0, 0, 0)

  it('asks one thing at a time, and says what the device answered', async () => {
    const port = await served(simulatedDevice(() => 'approve'))
    const transport = await openTcp('127.0.0.1', port)
    const first = transport.exchange(VERSION)
    await expect(transport.exchange(VERSION)).rejects.toMatchObject({ name: 'TransportRaceCondition' })
    expect((await first).subarray(2, 7).toString()).toBe('BOLOS')
    await expect(transport.send(0xe0, 0x02, 0, 0)).rejects.toMatchObject({ statusCode: 0x6e00 })
    expect([...(await transport.send(0xe0, 0x02, 0, 0, undefined, [0x6e00]))]).toEqual([0x6e, 0x00])
    await transport.close()
    await expect(transport.exchange(VERSION)).rejects.toMatchObject({ name: 'DisconnectedDevice' })
  })

  it('locks an app while one of its methods runs', async () => {
    const transport = await openTcp('127.0.0.1', await served(simulatedDevice(() => 'approve')))
    const app = { version: () => transport.exchange(VERSION) }
    transport.decorateAppAPIMethods(app, ['version', 'missing'], '')
    const first = app.version()
    await expect(app.version()).rejects.toMatchObject({ name: 'TransportLocked' })
    await first
    await app.version()
    await transport.close()
  })

  it('tells of the end of a connection, and of nobody there', async () => {
    const device = simulatedDevice(() => 'approve')
    const transport = await openTcp('127.0.0.1', await served(device))
    await transport.exchange(VERSION)
    const ended = new Promise<Error>((resolve) => transport.on('disconnect', resolve))
    device.unplug()
    expect((await ended).name).toBe('DisconnectedDevice')
    await expect(openTcp('127.0.0.1', 1)).rejects.toMatchObject({ name: 'CantOpenDevice' })
  })
})
