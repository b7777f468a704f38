import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ledgerDevice } from './device.ts'
import { ethereumDeviceApp } from './ethereum.ts'

interface Recording {
  readonly id: string
  readonly mnemonic: string
  readonly settings: { readonly blindSigning: boolean; readonly smartAccounts?: boolean }
  readonly apdus: readonly (readonly [command: string, answer: string])[]
}

const recordings: readonly Recording[] = JSON.parse(
  readFileSync(new URL('../../../../test/ledger/recordings/eth-1.23.0-dev.json', import.meta.url), 'utf8'),
)

/** The client refuses these itself: nothing was sent to the app. */
const NOTHING_SENT = ['personal-empty', 'tx-7702-stock-off', 'tx-7702-stock-on']

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('the Ethereum app answers as recorded', () => {
  const replayed = recordings.filter(({ apdus }) => apdus.length > 0)

  it('leaves out those without a command alone', () => {
    expect(recordings.filter(({ apdus }) => apdus.length === 0).map(({ id }) => id)).toEqual(NOTHING_SENT)
    expect(replayed).toHaveLength(30)
  })

  it.each(replayed)('$id', async ({ id, mnemonic, settings, apdus }) => {
    const device = ledgerDevice({
      mnemonic,
      apps: [ethereumDeviceApp(settings)],
      open: 'Ethereum',
      person: () => (id.includes('rejected') ? 'refuse' : 'approve'),
    })
    for (const [command, answer] of apdus) expect(hex(await device.exchange(bytes(command)))).toBe(answer)
  })
})
