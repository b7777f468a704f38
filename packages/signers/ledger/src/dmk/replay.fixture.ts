import { type Recording, replay } from '../ledgerjs/replay.fixture.ts'
import { statusWordOf } from '../status.ts'
import type { DmkTransport } from './link.ts'
import { connectDmk } from './simulator.fixture.ts'

/** A recorded exchange behind the kit. `aside`: what the kit asks besides, with its answers. */
export async function replayed(
  recording: Pick<Recording, 'app' | 'apdus'>,
  aside: Readonly<Record<string, string>> = {},
): Promise<{ readonly transport: DmkTransport; readonly left: () => number }> {
  const { transport, left } = replay(recording, aside)
  return { transport: await connectDmk({ connect: async () => transport as never }), left }
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The status word of what a call is rejected with; fails when it is not. */
export async function wordOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => {
      throw new Error('It was not refused.')
    },
    (error: unknown) => error,
  )
  return `0x${statusWordOf(error)?.toString(16)}`
}
