import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ledgerDevice } from './device.ts'
import { tronDeviceApp } from './tron.ts'

interface Recording {
  readonly id: string
  readonly mnemonic: string
  readonly settings: {
    readonly data: boolean
    readonly customContracts: boolean
    readonly signByHash: boolean
  }
  readonly apdus: readonly (readonly [command: string, answer: string])[]
}

const recordings: readonly Recording[] = JSON.parse(
  readFileSync(new URL('../../../../test/ledger/recordings/trx-0.7.1.json', import.meta.url), 'utf8'),
)

/** A field longer than a command: the client refuses it itself, and nothing was sent to the app. */
const NOTHING_SENT = ['contract-call-long-off', 'contract-call-long-on']

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('the Tron app answers as recorded', () => {
  const replayed = recordings.filter(({ apdus }) => apdus.length > 0)

  it('leaves out those without a command alone', () => {
    expect(recordings.filter(({ apdus }) => apdus.length === 0).map(({ id }) => id)).toEqual(NOTHING_SENT)
    expect(replayed).toHaveLength(18)
  })

  it.each(replayed)('$id', async ({ id, mnemonic, settings, apdus }) => {
    const { data, customContracts: customContract, signByHash } = settings
    const device = ledgerDevice({
      mnemonic,
      apps: [tronDeviceApp({ data, customContract, signByHash })],
      open: 'Tron',
      person: () => (id.includes('rejected') ? 'refuse' : 'approve'),
    })
    for (const [command, answer] of apdus) expect(hex(await device.exchange(bytes(command)))).toBe(answer)
  })
})
